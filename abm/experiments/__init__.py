"""Experiments: one run with its twins, and comparisons of many runs on all cores."""
