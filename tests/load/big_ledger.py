"""Makes a ledger of any length: one simulated batch as it was recorded, told again under other names.

Every event goes through ``Ledger.append``, so chain, heads and anchors are real, and every object folds. Batches,
containers, donations and what is named after them get names of their own; assets, lots and people are the site's, so
that their streams grow as they would in years. The last batches are left open, each at another event.

Run:   ``python -m tests.load.big_ledger FOLDER [--events 1000000]``
Units: times in us (UTC).
"""

import argparse
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from automation.bootstrap import read_key
from automation.ledger.event import Draft, Event
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from tests.support.runs import BATCH, make_site, run_batch

OPEN = 20  # batches that are left open
_CODES = "A9999[0-9]{8}|CHA[0-9A-Z]+|LN2-1/[0-9A-Z/]+"
"""How donations, chains of identity and places of the store are named."""


def grow(folder: Path, *, events: int, site: str = "b", recipe: str = "final-day", still_open: int = OPEN) -> None:
    """Make a site folder with a ledger of about so many events; raises InputError when there is one already."""
    run_batch(make_site(folder, site), recipe=recipe)
    told = _of_the_batch(folder)
    names = _names(told)
    with Ledger.open(folder, key=read_key(folder)) as ledger:
        rounds = max(still_open, (events - ledger.last.seq) // len(told))
        for number in range(rounds):
            left = rounds - number
            part = told if left > still_open else told[: len(told) * left // (still_open + 1)]
            _tell_again(ledger, part, names, number=number + 2)
    (folder / "plant.log").unlink(missing_ok=True)  # the fakes have lived through one batch only


def _of_the_batch(folder: Path) -> list[Event]:
    """Give what was recorded of the batch, and that its containers were expected."""
    with Reader(folder) as reader:
        events = list(reader.events())
    issued = next(event.seq for event in events if event.stream == f"batch/{BATCH}")
    return [e for e in events if (e.seq >= issued or e.stream.startswith("container/")) and e.stream != "ledger"]


def _names(events: Sequence[Event]) -> re.Pattern[bytes]:
    """Give what finds every name that is a batch's own: its id, its containers, their codes and places."""
    containers = {event.stream.partition("/")[2] for event in events if event.stream.startswith("container/")}
    outside = sorted(re.escape(name) for name in containers if not name.startswith(BATCH))
    return re.compile(rf"\b(?:{'|'.join([BATCH, *outside, _CODES])})\b".encode())


def _tell_again(ledger: Ledger, events: Sequence[Event], names: re.Pattern[bytes], *, number: int) -> None:
    """Append a batch's events under the names of batch ``number``."""
    own: dict[bytes, bytes] = {}

    def name(found: re.Match[bytes]) -> bytes:
        return own.setdefault(found[0], b"%b-%06d" % (found[0], number))

    shift = ledger.last.at + 1 - events[0].at
    first = ledger.last.seq + 1
    seqs = {event.seq: first + place for place, event in enumerate(events)}
    for some in _together(events):
        drafts = [
            Draft(
                names.sub(name, event.stream.encode()).decode(),
                event.kind,
                names.sub(name, event.body),
                event.by,
                event.terminal,
                seqs.get(event.cause) if event.cause is not None else None,
                event.schema,
            )
            for event in some
        ]
        ledger.append(drafts, at=some[0].at + shift)


def _together(events: Sequence[Event]) -> Iterator[list[Event]]:
    """Split into groups of the same moment: an append has one."""
    group: list[Event] = []
    for event in events:
        if group and event.at != group[0].at:
            yield group
            group = []
        group.append(event)
    yield group


def main() -> None:
    """Make one from the command line."""
    words = argparse.ArgumentParser(prog="python -m tests.load.big_ledger", description=__doc__)
    words.add_argument("folder", type=Path)
    words.add_argument("--events", type=int, default=1_000_000)
    given = words.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    grow(given.folder, events=given.events)
    with Reader(given.folder) as reader:
        sys.stdout.write(f"{given.folder}: {reader.last.seq:,} events\n")


if __name__ == "__main__":
    main()
