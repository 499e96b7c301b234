"""Which assumed numbers decide: all of them screened by Morris, the first of them by Sobol indices, and the claims."""
