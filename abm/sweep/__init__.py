"""Sweeps: one scenario at many points and seeds, from a file that says which to a table with a row each."""
