"""Robustness: how much of the headline is left when laws, sizes, draws and assumed numbers are others."""
