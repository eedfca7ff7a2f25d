"""The outbox: what people have to be told, written into the ledger first and sent by somebody else afterwards.

A notice comes of a due that is near or over, and of what followed by itself and left somebody something to do. It has
an id made of what it says, so that it is written once and may be sent twice. Nothing is sent inside a move: the owner
puts it into a spool (``outboxkeeper``) or a sender takes it, and says so; what failed is taken again.
Source: ICH Q10 3.2 and 21 CFR 211.192 (follow-up in time); EU GMP Annex 11 13 (incidents reported).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from automation.engine.following import POLICIES
from automation.engine.recorder import Recorder
from automation.gmp.door import Door
from automation.gmp.due import Due, Urgency, dues_of
from automation.gmp.escalation import Level, reached
from automation.gmp.marks import OPEN
from automation.gmp.registry import KINDS
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.ledger.event import Event

STREAM = "outbox"
FOLLOWED, ESCALATED = "follows", "escalated"


class Notice(msgspec.Struct, frozen=True):
    """What one person, or everybody with one right, is told."""

    id: str
    to: str
    object: str
    what: str
    by: str  # until when, in the site's zone
    urgency: str  # near, overdue, escalated with its level, or follows


class Gathered(msgspec.Struct, frozen=True):
    """Up to which event it was looked for what followed by itself."""

    seq: int


class Sent(msgspec.Struct, frozen=True):
    """A notice that a sender has passed on, and how."""

    id: str
    how: str


def gather(recorder: Recorder, door: Door, levels: Sequence[Level] = (), *, seen: int = 0) -> tuple[Notice, ...]:
    """Write the notices that are new and give all that are not sent yet; ``recorder`` is that of the stream.

    ``levels`` are those that a due climbs while nobody acts; ``seen`` is the event up to which this process has looked.
    """
    events, last = recorder.ledger.stream(STREAM), recorder.ledger.last.seq
    known = {event.read(Notice).id for event in events if event.kind == "notice"}
    looked = max((event.read(Gathered).seq for event in events if event.kind == "gathered"), default=0)
    looked = max(looked, seen)
    found = (*_followed(recorder, door, looked), *_due(recorder, door, levels))
    fresh = {one.id: one for one in found if one.id not in known}
    for one in fresh.values():
        recorder.write("notice", one)
    if fresh:
        recorder.write("gathered", Gathered(last))
    return unsent(recorder.ledger.stream(STREAM))


def unsent(events: Iterable[Event]) -> tuple[Notice, ...]:
    """Give the notices that nobody has sent yet, in the order of their writing."""
    left: dict[str, Notice] = {}
    for event in events:
        if event.kind == "notice":
            one = event.read(Notice)
            left[one.id] = one
        elif event.kind == "sent":
            left.pop(event.read(Sent).id, None)
    return tuple(left.values())


def note_sent(recorder: Recorder, names: Iterable[str], *, how: str) -> int:
    """Note what was sent, once each, and give the last event; raises InputError for what is no notice of this site."""
    events = recorder.ledger.stream(STREAM)
    waiting = {one.id for one in unsent(events)}
    known = {event.read(Notice).id for event in events if event.kind == "notice"}
    for name in names:
        if name not in known:
            raise InputError(f"{name!r} is no notice of this site")
        if name in waiting:
            recorder.write("sent", Sent(name, how))
    return recorder.ledger.last.seq


def _due(recorder: Recorder, door: Door, levels: Sequence[Level]) -> Iterator[Notice]:
    """Give what is near or over: to its owner, once it is over to whom it escalates, then level by level."""
    now = door.now
    for kind in KINDS:
        for thing in door.marked(kind, OPEN):
            for due in dues_of(thing):
                urgency = due.urgency(now)
                if urgency is not Urgency.IN_TIME:
                    over = urgency is Urgency.OVERDUE and due.escalate
                    for to in dict.fromkeys((due.owner, due.escalate) if over else (due.owner,)):
                        yield _notice(recorder, f"{kind}/{thing.id}", due, to=to, urgency=str(urgency))
                for number, to in reached(due, now, levels):
                    yield _notice(recorder, f"{kind}/{thing.id}", due, to=to, urgency=f"{ESCALATED} {number}")


def _followed(recorder: Recorder, door: Door, after: int) -> Iterator[Notice]:
    """Give what policies have moved since, where it left somebody something to do."""
    for event in recorder.ledger.events(after=after):
        kind, _, name = event.stream.partition("/")
        if event.by == POLICIES and kind in KINDS:
            for due in dues_of(door.find(kind, name)):
                yield _notice(recorder, event.stream, due, to=due.owner, urgency=FOLLOWED)


def _notice(recorder: Recorder, about: str, due: Due, *, to: str, urgency: str) -> Notice:
    by = iso(due.by, zone=recorder.ledger.genesis.zone)[:16]
    words = "\0".join((recorder.ledger.genesis.ledger, str(to), about, due.what, by, urgency))
    return Notice(hashlib.sha256(words.encode()).hexdigest()[:24], str(to), about, due.what, by, urgency)
