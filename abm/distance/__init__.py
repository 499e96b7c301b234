"""How far a world is from the edge: the value of a dial at which the spark, and not chance, turns calm into crisis."""
