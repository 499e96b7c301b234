"""Matplotlib figures made from tables: `run` for one run, `comparison` for many, `style` to save them."""
