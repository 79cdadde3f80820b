"""`python -m curbstop.cli`: the same as `curbstop`."""

from curbstop.cli import main

if __name__ == "__main__":
    main()
