"""Processes that own a live ledger and append to it, one event after the other, until they are ended or refused."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 30.0  # s; no process of these tests lives longer
_TOLD = 20  # events that it was told are on disk before anything happens to it
_PROGRAM = """
import asyncio, sys
from pathlib import Path
from automation.kernel.errors import RefusedError
from automation.ledger.store import Ledger
from tests.unit.ledger.ledgers import KEY, START, draft

async def work(ledger):
    while True:
        (event,) = ledger.append([draft(n=1)], at=START)
        await ledger.durable(event.seq)
        print(event.seq, flush=True)
        await asyncio.sleep(0.01)

ledger = Ledger.open(Path(sys.argv[1]), key=KEY)
try:
    asyncio.run(work(ledger))
except RefusedError as refused:
    print(refused, file=sys.stderr)
    try:
        ledger.close()
    except RefusedError as refused_too:
        sys.exit(str(refused_too))
"""


@contextmanager
def appending(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Let another process own a live ledger that is there and append; it prints each event, and is killed at last."""
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", _PROGRAM, str(folder)]
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True, cwd=Path.cwd()) as process:
        try:
            assert process.stdout is not None
            while int(process.stdout.readline()) < _TOLD:
                pass
            yield process
        finally:
            process.kill()
