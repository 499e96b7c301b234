"""The live view: runs that are watched in a browser as they happen, and that anybody can repeat to the bit."""
