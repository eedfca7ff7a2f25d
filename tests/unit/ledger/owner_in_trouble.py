"""An owner of a live ledger whose system fails at some append; it prints each event that it was told is on disk.

``python -m tests.unit.ledger.owner_in_trouble FOLDER FAULT``, then on standard output: the numbers, ``told:`` with the
first error, and what each further attempt came to.
"""

import asyncio
import errno
import sys
from pathlib import Path

from automation.kernel.errors import CellwrightError
from automation.ledger.store import Ledger
from tests.support.system_faults import refuse
from tests.unit.ledger.ledgers import KEY, START, draft

BEFORE = 20  # events that go well
FAULTS = {
    "failed fsync": (("fsync", "fdatasync"), errno.EIO),
    "full disk": (("write", "pwrite64"), errno.ENOSPC),
    "failed write": (("write", "pwrite64"), errno.EIO),
}


async def work(ledger: Ledger, fault: str) -> None:
    """Append until the system fails, then try on."""
    for number in range(BEFORE + 5):
        if number == BEFORE:
            calls, why = FAULTS[fault]
            refuse(calls, errno=why)
        try:
            (event,) = ledger.append([draft(n=number)], at=START)
            await ledger.durable(event.seq)
        except CellwrightError as error:
            say(f"{type(error).__name__}: {error}")
        else:
            say(str(event.seq))


def say(text: str) -> None:
    """Print one line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Own the ledger, fail, close, and try to own it again while the cause is there."""
    folder = Path(sys.argv[1])
    ledger = Ledger.open(folder, key=KEY)
    asyncio.run(work(ledger, sys.argv[2]))
    for attempt in (ledger.close, lambda: Ledger.open(folder, key=KEY)):
        try:
            attempt()
        except CellwrightError as error:
            say(f"{type(error).__name__}: {error}")
        else:
            say("went on")


if __name__ == "__main__":
    main()
