"""What somebody sees who has to decide about an act in doubt: what went over the wire, and the devices asked anew.

It is asked when the doubt arises and whenever somebody looks, and every asking is an event (``asked``) of the step.
Only queries are sent. Devices behind a person are not asked: who decides stands before them.
Units: s.
"""

import asyncio
import inspect
from collections.abc import Iterable
from curses.ascii import controlnames
from dataclasses import dataclass
from typing import cast

import msgspec

from automation.engine.journal import Called, Fell
from automation.engine.past import past
from automation.engine.recorder import Recorder
from automation.engine.tape import by_person, take_tape
from automation.kernel.effect import Effect, effects
from automation.kernel.errors import CellwrightError
from automation.kernel.machine import Procedural
from automation.ledger.event import Event

_encode = msgspec.json.Encoder(decimal_format="string").encode
_OVER = frozenset({Procedural.COMPLETE, Procedural.STOPPED, Procedural.ABORTED})
_NAMES = tuple(controlnames[:32])
_MOSTLY = 0.7  # share of characters that a person can read, from which on bytes are text


class Said(msgspec.Struct, frozen=True):
    """One exchange as bytes (hex) and in words; words are empty where nobody can read the bytes."""

    sent: str
    received: str
    sent_words: str = ""
    received_words: str = ""


class Look(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one device said of itself, or why it could not be asked; ``at`` in us (UTC)."""

    asset: str
    method: str
    at: int
    value: msgspec.Raw = msgspec.Raw(b"null")
    why: str = ""
    wire: tuple[tuple[str, str], ...] = ()


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that only the devices and their interfaces know of an act in doubt."""

    visit: int
    n: int
    what: str  # asset.method
    does: str = ""  # the act in one sentence
    twice: str = ""
    never: str = ""
    said: tuple[Said, ...] = ()
    looks: tuple[Look, ...] = ()
    by: str = ""  # who looked; empty when the doubt arose


@dataclass(frozen=True, slots=True)
class Doubt:
    """An act of which nobody knows whether it took effect, as the step's own events tell it."""

    visit: int
    n: int
    what: str
    event: Event  # the doubt
    fell: Fell
    call: Event | None  # None when only the doubt is recorded
    called: Called | None

    @property
    def asset(self) -> str:
        """Give the device."""
        return self.what.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Seat:
    """One device of a step: its asset, its driver and what it can be asked."""

    asset: str
    driver: object
    interface: type


def open_doubt(events: Iterable[Event]) -> Doubt | None:
    """Give the act of a step that waits for a person's decision; None when there is none."""
    record = past("", events)
    if record.stage in _OVER:
        return None
    for visit in filter(None, (record.main, record.side)):
        for n, entry in visit.journal.entries.items():
            if entry.outcome is not None and entry.outcome.kind == "doubt":
                call, fell = entry.called, entry.outcome.read(Fell)
                called = call.read(Called) if call is not None else None
                return Doubt(visit.number, n, entry.what, entry.outcome, fell, call, called)
    return None


async def ask(recorder: Recorder, seats: Iterable[Seat], *, by: str = "") -> None:
    """Ask every device of a step how it stands, the one in doubt first, and record it; without a doubt do nothing."""
    found = open_doubt(recorder.ledger.stream(recorder.stream))
    if found is None:
        return
    ordered = sorted(seats, key=lambda seat: seat.asset != found.asset)
    looks = [await _look(recorder, seat, *shown) for seat in ordered if (shown := _shows(seat))]
    seat = next((one for one in ordered if one.asset == found.asset), None)
    declared = effects(seat.interface).get(found.what.partition(".")[2]) if seat else None
    body = Asked(
        visit=found.visit,
        n=found.n,
        what=found.what,
        does=_sentence(seat, found) if seat else "",
        twice=declared.twice if declared else "",
        never=declared.never if declared else "",
        said=tuple(_said(seat.driver if seat else None, *pair) for pair in found.fell.wire),
        looks=tuple(looks),
        by=by,
    )
    event = recorder.write("asked", body, cause=found.event.seq)
    await recorder.ledger.durable(event.seq)


def _shows(seat: Seat) -> tuple[str, Effect] | None:
    """Give the query by which a device says how it stands."""
    return next(((name, one) for name, one in effects(seat.interface).items() if one.shows_state), None)


async def _look(recorder: Recorder, seat: Seat, method: str, effect: Effect) -> Look:
    """Ask one device once; what it does not answer is told, never raised."""
    if by_person(seat.driver):
        return Look(seat.asset, method, recorder.clock.micros(), why="a person works it: look there")
    try:
        async with asyncio.timeout(float(effect.deadline)):
            value: object = await getattr(seat.driver, method)()
        raw, why = msgspec.Raw(_encode(value)), ""
    except TimeoutError:
        raw, why = msgspec.Raw(b"null"), f"does not answer within {effect.deadline:g} s"
    except CellwrightError as trouble:
        raw, why = msgspec.Raw(b"null"), f"does not answer: {trouble}"
    return Look(seat.asset, method, recorder.clock.micros(), raw, why, take_tape(seat.driver))


def _sentence(seat: Seat, found: Doubt) -> str:
    """Give what the interface says of an act, in one sentence."""
    text = inspect.getdoc(getattr(seat.interface, found.what.partition(".")[2], None)) or ""
    return text.split("\n\n")[0].replace("\n", " ")


def _said(driver: object, sent: str, received: str) -> Said:
    one, two = (in_words(driver, bytes.fromhex(text)) for text in (sent, received))
    return Said(sent, received, one, two)


def in_words(driver: object, data: bytes) -> str:
    """Say in words what bytes on a wire say: as the driver reads them, else as text; empty when they are none."""
    own = getattr(driver, "in_words", None)
    told = cast("str", own(data)) if own is not None and data else ""
    return told or _text(data)


def _text(data: bytes) -> str:
    """Write bytes as text with control characters by their names."""
    if not data or sum(32 <= one < 127 for one in data) < _MOSTLY * len([one for one in data if one >= len(_NAMES)]):
        return ""
    shown = [f"<{_NAMES[one]}>" if one < len(_NAMES) else chr(one) if 32 <= one < 127 else "." for one in data]
    return "".join(shown)
