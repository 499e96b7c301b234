"""The graph of contagion of a run: who pushed whom, and the shortest chain from the news to each failure."""
