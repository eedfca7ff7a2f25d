"""Starts the command line: the house behind it is imported when a command needs it."""

import gc
import sys
from typing import TYPE_CHECKING

from automation.surfaces.cli.main import run

if TYPE_CHECKING:
    from automation.surfaces.cli.port import Opener

MADE = 300_000  # objects between searches for garbage: nearly all that a start makes is kept


def main() -> None:
    """Run the command ``cellwright`` with the words of the command line."""
    gc.set_threshold(MADE)
    status = run(_opener)
    gc.freeze()  # all is closed: what is left goes with the process, and is looked through no more
    sys.exit(status)


def _opener() -> "Opener":
    from automation.opener import House  # noqa: PLC0415  the command line starts without the house

    return House()


if __name__ == "__main__":
    main()
