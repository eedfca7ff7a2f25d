"""Makes a ledger of any length: one simulated batch as it was recorded, told again under other names.

Every event goes through ``Ledger.append``, so chain, heads and anchors are real, and every object folds. Batches,
containers, donations and what is named after them get names of their own; assets and people are the site's, so that
their streams grow as they would in years. The last batches are left open, each at another event. With ``stories`` each
batch is one for a patient, from the order to the infusion; every so many batches there are new lots, a wash buffer
prepared of a new lot of albumin, and a good calibration of the balance.

Run:   ``python -m tests.load.big_ledger FOLDER [--events 1000000]``
Units: times in us (UTC).
"""

import argparse
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from automation.bootstrap import read_key
from automation.formulas.isbt128 import check_character
from automation.ledger.event import Draft, Event
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from tests.load import stories as around
from tests.support.runs import BATCH, make_site, run_batch

OPEN = 20  # batches that are left open
LOTS_LAST, CALIBRATED = 40, 60  # batches between new lots, and between calibrations of the balance
_MINUTE = 60_000_000  # us
_CODES = "A9999[0-9]{8}[0-9A-Z*]?|CHA[0-9A-Z]+|LN2-1/[0-9A-Z/]+|SUBJ-[0-9]+"
"""How donations (with and without check character), chains of identity, places and patients are named."""

Rename = Callable[[re.Match[bytes]], bytes]


def grow(
    folder: Path,
    *,
    events: int,
    site: str = "b",
    recipe: str = "final-day",
    still_open: int = OPEN,
    stories: bool = False,
) -> None:
    """Make a site folder with a ledger of about so many events; raises InputError when there is one already."""
    run_batch(make_site(folder, site), recipe=recipe)
    template = _template(folder, stories=stories)
    with Ledger.open(folder, key=read_key(folder)) as ledger:
        rounds = max(still_open, (events - ledger.last.seq) // template.length)
        for number in range(rounds):
            left = rounds - number
            part = template.batch
            if left <= still_open:
                part = part[: len(part) * left // (still_open + 1)]
            _Round(ledger, template, number + 2).tell(part, is_whole=left > still_open, is_first=not number)
    (folder / "plant.log").unlink(missing_ok=True)  # the fakes have lived through one batch only


@dataclass(frozen=True, slots=True)
class _Template:
    """What is told again, and how what has a name of its own is found in it."""

    batch: list[Event]
    lots: list[Event]  # how they came to be
    stories: around.Stories | None
    names: re.Pattern[bytes]
    shared: frozenset[bytes]  # names that some batches have in common

    @property
    def length(self) -> int:
        """Give how many events a batch has, with what is told around it."""
        if self.stories is None:
            return len(self.batch)
        seldom = (len(self.lots) + len(self.stories.solution)) // LOTS_LAST
        return len(self.batch) + len(self.stories.before) + len(self.stories.after) + seldom


def _template(folder: Path, *, stories: bool) -> _Template:
    with Reader(folder) as reader:
        events = list(reader.events())
    issued = next(event.seq for event in events if event.stream == f"batch/{BATCH}")
    told = [e for e in events if (e.seq >= issued or e.stream.startswith("container/")) and e.stream != "ledger"]
    containers = {event.stream.partition("/")[2] for event in told if event.stream.startswith("container/")}
    outside = sorted(re.escape(name) for name in containers if not name.startswith(BATCH))
    lots: list[Event] = []
    shared: set[str] = set()
    if stories:
        told = [around.ordered(e) if (e.stream, e.kind) == (f"batch/{BATCH}", "issue") else e for e in told]
        lots = [e for e in events if e.seq < issued and e.stream.startswith("lot/")]
        lots = [event for event in lots if event.stream != f"lot/{around.BUFFER}"]
        shared = {event.stream.partition("/")[2] for event in lots} | {around.BUFFER, around.ALBUMIN}
    named = "|".join([BATCH, *outside, *sorted(map(re.escape, shared)), around.CALIBRATION, _CODES])
    return _Template(
        batch=told,
        lots=lots,
        stories=around.told(folder) if stories else None,
        names=re.compile(rf"\b(?:{named})(?!\w)".encode()),
        shared=frozenset(name.encode() for name in shared),
    )


@dataclass(slots=True)
class _Round:
    """One batch that is told again under its number."""

    ledger: Ledger
    template: _Template
    number: int

    def tell(self, batch: Sequence[Event], *, is_whole: bool, is_first: bool) -> None:
        """Append what is told in this round."""
        name, stories = self._renamer(), self.template.stories
        if stories is not None:
            if is_first or not self.number % LOTS_LAST:
                self._story((*self.template.lots, *stories.solution), name)
            if not self.number % CALIBRATED:
                self._story(stories.calibration, name)
            self._story(stories.before, name)
        _tell_again(self.ledger, batch, self.template.names, name=name)
        if stories is not None and is_whole:
            self._story(stories.after, name)

    def _story(self, events: Sequence[Event], name: Rename) -> None:
        """Append events a minute apart, whenever they were recorded: the ledger would else be one of many years."""
        for event in events:
            draft = _draft(event, self.template.names, name=name, cause=None)
            self.ledger.append([draft], at=self.ledger.last.at + _MINUTE)

    def _renamer(self) -> Rename:
        """Give what names a thing of the batch after its number, and a lot after that of its batches."""
        own: dict[bytes, bytes] = {}

        def new(name: bytes) -> bytes:
            serial = self.number * 10 + sum(other[:3] == name[:3] for other in own)
            if name.startswith(b"CHA"):
                return b"CHA999926%06d" % (serial % 1_000_000)
            if name.startswith(b"A9999") and len(name) == 13:
                return b"A999926%06d" % (serial % 1_000_000)
            if name.startswith(b"A9999"):
                din = find(name[:13])
                return din + check_character(din.decode()).encode()
            if name in self.template.shared:
                return b"%b-%04d" % (name, self.number // LOTS_LAST)
            return b"%b-%06d" % (name, self.number)

        def find(name: bytes) -> bytes:
            if name not in own:
                own[name] = new(name)
            return own[name]

        return lambda match: find(match[0])


def _tell_again(ledger: Ledger, events: Sequence[Event], names: re.Pattern[bytes], *, name: Rename) -> None:
    """Append events under other names, each as long after the first as it was."""
    if not events:
        return
    shift = ledger.last.at + 1 - events[0].at
    first = ledger.last.seq + 1
    seqs = {event.seq: first + place for place, event in enumerate(events)}
    for some in _together(events):
        drafts = [_draft(event, names, name=name, cause=seqs.get(event.cause or 0)) for event in some]
        ledger.append(drafts, at=some[0].at + shift)


def _draft(event: Event, names: re.Pattern[bytes], *, name: Rename, cause: int | None) -> Draft:
    stream, body = names.sub(name, event.stream.encode()).decode(), names.sub(name, event.body)
    return Draft(stream, event.kind, body, event.by, event.terminal, cause, event.schema)


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
    grow(given.folder, events=given.events, stories=True)
    with Reader(given.folder) as reader:
        sys.stdout.write(f"{given.folder}: {reader.last.seq:,} events\n")


if __name__ == "__main__":
    main()
