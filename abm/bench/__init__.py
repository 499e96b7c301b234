"""The bench: the engine against the same rules written in other ways, its growth, and its sweeps."""
