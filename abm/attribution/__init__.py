"""Why it happened: an outcome attributed to the channels of contagion by switching them on and off together."""
