"""The ``bnnc`` command."""

import signal
import sys

from bnnc import _bnnc


def main() -> int:
    """Runs the command line with the arguments of the process. Returns the exit code."""
    # The command has its own way with Ctrl-C: it finishes the step under way and saves.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _bnnc.command(["bnnc", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
