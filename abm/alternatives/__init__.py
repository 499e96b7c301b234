"""What a policy buys: each alone and in pairs, its smallest size, its delay, and what follows when it is expected."""
