"""`python -m abm` is the command `powderkeg`."""

from abm.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
