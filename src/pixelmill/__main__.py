"""`python -m pixelmill`: the command line."""

import sys

from pixelmill.cli import main

if __name__ == "__main__":
    sys.exit(main())
