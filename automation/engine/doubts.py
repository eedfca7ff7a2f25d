"""What somebody sees who has to decide about an act in doubt: what went over the wire, and the devices asked anew.

It is asked when the doubt arises and whenever somebody looks, and every asking is an event (``asked``) of the step.
Only queries are sent. Devices behind a person are not asked: who decides stands before them.
Units: s.
"""

import asyncio
import inspect
import re
from collections.abc import Iterable
from curses.ascii import controlnames
from dataclasses import dataclass, fields, is_dataclass
from typing import cast, get_type_hints

import msgspec

from automation.engine.handles import Container, Lot
from automation.engine.journal import Called, Fell
from automation.engine.past import past
from automation.engine.recipe.spec import unit_of
from automation.engine.recorder import Recorder
from automation.engine.tape import by_person, take_tape
from automation.gmp.objects import Recorded
from automation.gmp.product.batches import Decision
from automation.kernel.effect import Effect, effects
from automation.kernel.errors import CellwrightError
from automation.kernel.machine import Procedural
from automation.ledger.event import Event

_encode = msgspec.json.Encoder(decimal_format="string").encode
_OVER = frozenset({Procedural.COMPLETE, Procedural.STOPPED, Procedural.ABORTED})
_NAMES = tuple(controlnames[:32])
_RAISES = re.compile(r"[;.] (?:[Rr]aises |``).*$")  # what the interface says to programs
_LEAST = 0.3  # share of characters that can be read, from which on bytes are text


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
    says: str = ""  # the value in words, with units
    why: str = ""
    wire: tuple[tuple[str, str], ...] = ()


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that only the devices and their interfaces know of an act in doubt."""

    visit: int
    n: int
    what: str  # asset.method
    does: str = ""  # the act in one sentence
    asked_for: str = ""  # with what, in words with units
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


def decision(doubt: Doubt, orders: Iterable[Event], *, step: str) -> Event | None:
    """Give the first decision about a doubt among the orders to its batch; it waits while nobody runs the batch."""
    later = (event for event in orders if event.kind == "resolve" and event.seq > doubt.event.seq)
    return next((event for event in later if decided(event).step in {"", step}), None)


def decided(event: Event) -> Decision:
    """Give what an order to decide a doubt says."""
    return Decision.model_validate_json(bytes(event.read(Recorded).given))


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
        asked_for=_arguments(seat, found) if seat else "",
        twice=declared.twice if declared else "",
        never=declared.never if declared else "",
        said=tuple(
            _said(seat.driver if seat else None, sent=sent, received=received) for sent, received in found.fell.wire
        ),
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
    at = recorder.clock.micros
    if by_person(seat.driver):
        return Look(seat.asset, method, at(), why="a person works it: look there")
    try:
        async with asyncio.timeout(float(effect.deadline)):
            value: object = await getattr(seat.driver, method)()
    except TimeoutError:
        why = f"does not answer within {effect.deadline:g} s"
    except CellwrightError as trouble:
        why = f"does not answer: {trouble}"
    else:
        kind = get_type_hints(getattr(seat.interface, method)).get("return", object)
        return Look(
            seat.asset, method, at(), msgspec.Raw(_encode(value)), in_words(value, kind), wire=take_tape(seat.driver)
        )
    return Look(seat.asset, method, at(), why=why, wire=take_tape(seat.driver))


def in_words(value: object, kind: object) -> str:
    """Say what a device answered, each number with the unit of its type; what is as usual is left out."""
    if isinstance(value, tuple):
        return "; ".join(in_words(part, type(part)) for part in value)
    if isinstance(value, Container | Lot):
        return value.id
    if not is_dataclass(value):
        number = f"{value:.4g}" if isinstance(value, float) else str(value)
        return f"{number} {unit}" if (unit := unit_of(kind)) not in {"", "1"} else number
    hints, bare = get_type_hints(type(value)), {"channel", "value"}  # of a reading, whose channel names its value
    bare = bare if bare <= set(hints) else set()
    usual = {item.name: item.default for item in fields(value)}
    told = [(name, one) for name in usual if (one := getattr(value, name)) != usual[name]]
    parts = [
        text if name in bare else f"{name.replace('_', ' ')} {text}"
        for name, one in told
        if one is not None and (text := _part(one, hints[name]))
    ]
    return ", ".join(parts) or "nothing out of the ordinary"


def _arguments(seat: Seat, found: Doubt) -> str:
    """Say with what an act was asked for; empty when its arguments are no longer those of the interface."""
    hints = get_type_hints(getattr(seat.interface, found.what.partition(".")[2], None) or object)
    raw = bytes(found.called.args if found.called is not None else found.fell.args)
    try:
        given = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        told = {name: msgspec.json.decode(bytes(one), type=hints[name]) for name, one in given.items()}
    except (msgspec.MsgspecError, KeyError):
        return ""
    return "; ".join(f"{name} {_part(one, hints[name])}" for name, one in told.items())


def _part(value: object, kind: object) -> str:
    """Say one field; of several yes and no, which are yes (1..)."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple) and value and all(isinstance(part, bool) for part in value):
        return ", ".join(str(n) for n, part in enumerate(value, 1) if part) or "none"
    return in_words(value, kind)


def _sentence(seat: Seat, found: Doubt) -> str:
    """Give what the interface says of an act, in one sentence."""
    text = inspect.getdoc(getattr(seat.interface, found.what.partition(".")[2], None)) or ""
    return _RAISES.sub(".", text.split("\n\n")[0].replace("\n", " "))


def _said(driver: object, *, sent: str, received: str) -> Said:
    out, back = bytes.fromhex(sent), bytes.fromhex(received)
    own = getattr(driver, "in_words", None)
    told, answered = cast("tuple[str, str]", own(out, back)) if own is not None else ("", "")
    return Said(sent, received, told or as_text(out), answered or as_text(back))


def as_text(data: bytes) -> str:
    """Write bytes as text with control characters by their names; empty when they are none."""
    if sum(one < 127 for one in data) < len(data) or sum(one >= len(_NAMES) for one in data) < _LEAST * len(data):
        return ""
    return "".join(f"<{_NAMES[one]}>" if one < len(_NAMES) else chr(one) for one in data)
