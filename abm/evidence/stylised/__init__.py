"""Stylised facts of daily returns: the same statistics on real indices and on the model's markets."""
