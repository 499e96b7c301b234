"""Episodes of history, run from what was known on their eve and scored against news alone."""
