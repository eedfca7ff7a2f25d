"""Which events name a text: found without reading the others.

Every text in the body of an event, and whoever it is by, is a mention. What is kept of them on the shelf are, for each
stretch of events, numbers of 32 bits that stand for the texts, each with its event, spread over drawers by the number;
whoever looks for a text opens one drawer, and then reads the events that it cites. So two texts of the same number cost
a look and never give a wrong answer. A drawer has to cover all events up to the base of the shelf without a gap;
behind the base, and where nothing is kept, the events themselves are read.
"""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol, cast
from zlib import crc32

from automation.kernel.errors import DamagedError
from automation.ledger.derived import Row
from automation.ledger.event import Event
from automation.ledger.shelf import Shelf

TABLE = "mention"
_DRAWERS = 64
_STRETCH = 1_000  # events; their places within it have to fit 16 bits
_NOT_SAID = frozenset({"read", "wire"})  # what a decision looked at, and raw bytes: nobody named these


class Source(Protocol):
    """What is asked of a ledger; its owner and a reader both have it."""

    def events(self, *, after: int = 0) -> Iterator[Event]:
        """Give the events behind a number, in order."""
        ...


class Reading(Source, Protocol):
    """What is asked of a ledger by whoever looks for texts."""

    def at(self, seqs: Iterable[int]) -> Iterator[Event]:
        """Give the events with these numbers, in order."""
        ...


def texts_of(event: Event) -> list[tuple[str, str]]:
    """Give what an event names, each with the name of its field: the texts of its body, and whoever it is by."""
    found = [("by", event.by)]
    _gather("", event.fields, found)
    return found


def _gather(field: str, value: object, found: list[tuple[str, str]]) -> None:
    kind = type(value)  # as JSON is decoded, there are no kinds of these
    if kind is str:
        found.append((field, cast("str", value)))
    elif kind is dict:
        for name, part in cast("dict[str, object]", value).items():
            if name not in _NOT_SAID:
                _gather(name, part, found)
    elif kind is list:
        for part in cast("list[object]", value):
            _gather(field, part, found)


def to_keep(source: Source, *, after: int, upto: int) -> Iterator[Row]:
    """Give what is kept of the events behind ``after`` up to ``upto``, stretch by stretch."""
    first, found = after + 1, list[tuple[int, int]]()
    for event in takewhile(lambda one: one.seq <= upto, source.events(after=after)):
        numbers = {_number(text) for _, text in texts_of(event) if text}
        found += ((number, event.seq - first) for number in numbers)
        if event.seq == upto or event.seq - first == _STRETCH - 1:
            yield from _rows(found, first=first, last=event.seq)
            first, found = event.seq + 1, []


def _rows(found: list[tuple[int, int]], *, first: int, last: int) -> Iterator[Row]:
    drawers: list[list[tuple[int, int]]] = [[] for _ in range(_DRAWERS)]
    for one in sorted(found):
        drawers[one[0] % _DRAWERS].append(one)
    for drawer, inside in enumerate(drawers):
        numbers, places = array("I", [one for one, _ in inside]), array("H", [place for _, place in inside])
        value = last.to_bytes(8, "big") + numbers.tobytes() + places.tobytes()
        yield TABLE, f"{drawer:02d} {first:012d}", value


def drawer_of(text: str) -> int:
    """Give the drawer in which a text is looked for."""
    return _number(text) % _DRAWERS


def _number(text: str) -> int:
    return crc32(text.encode(errors="surrogatepass"))


@dataclass(frozen=True, slots=True)
class Found:
    """The events that name something, in order, and how many earlier ones were passed over."""

    events: tuple[Event, ...]
    passed_over: int = 0


def find(texts: Collection[str], source: Reading, shelf: Shelf | None, *, latest: int = 0) -> Found:
    """Give the events that name one of some texts, only so many of the latest unless ``latest`` is 0.

    Raises DamagedError for a drawer that is not whole.
    """
    wanted, base = frozenset(texts) - {""}, shelf.base if shelf is not None else 0
    kept = sorted({seq for text in wanted for seq in _kept(text, shelf)}) if shelf is not None and base else []
    behind = [event for event in source.events(after=base) if _names(event, wanted)]
    room = max(0, latest - len(behind)) if latest else len(kept)
    some = kept[max(0, len(kept) - room) :]
    events = (*(event for event in source.at(some) if _names(event, wanted)), *behind)
    passed = max(0, len(events) - latest) if latest else 0
    return Found(events[passed:], len(kept) - len(some) + passed)


def _names(event: Event, wanted: frozenset[str]) -> bool:
    return any(text in wanted for _, text in texts_of(event))


def _kept(text: str, shelf: Shelf) -> Iterator[int]:
    """Give the events of a drawer that may name a text."""
    number, expected = _number(text), 1
    for key, value in shelf.under(TABLE, f"{drawer_of(text):02d} ").items():
        first, last, size = int(key[3:]), int.from_bytes(value[:8], "big"), (len(value) - 8) // 6
        if first != expected:
            break
        numbers, places = array("I", value[8 : 8 + 4 * size]), array("H", value[8 + 4 * size :])
        place = bisect_left(numbers, number)
        while place < size and numbers[place] == number:
            yield first + places[place]
            place += 1
        expected = last + 1
    if expected != shelf.base + 1:
        raise DamagedError(f"what names a text is not kept from event {expected} on", where="derived.sqlite")
