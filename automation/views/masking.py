"""Masks what could lead to a patient or donor: chains of identity, donation numbers, codes of persons.

Who the codes stand for is in no event; the codes themselves are on labels and wristbands, and whoever looks at pages
has no need of them. One identifier gets one number on all pages, so that it can be followed. Names of people who signed
stay (21 CFR 11.50).
Units:  none.
Source: GDPR (EU) 2016/679 art. 4(5), 5(1)(c) (pseudonyms, no more than is needed).
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from automation.gmp.objects import Recorded
from automation.kernel.errors import DamagedError
from automation.ledger.event import Event
from automation.views.objects import Objects

_CODES = frozenset({"identity", "bag_identity", "din"})
_FIELDS = {
    "order": _CODES | {"subject", "was", "now"},
    "donor": _CODES | {"donor"},
    **dict.fromkeys(("collection", "container", "handover", "batch", "infusion", "test"), _CODES),
}
_PERSONS = ("subject", "donor")  # whose ids are codes of persons
_SHORTEST, _LONG = 3, 8  # characters of a code; from which on no other word holds it by chance


class Mask:
    """Writes a number in the place of each identifier, in any text."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        """Number them in their order; what lies within a longer one is found after it."""
        self.numbers = {one: at for at, one in enumerate(dict.fromkeys(identifiers), 1)}
        self._folded = {one.casefold(): at for one, at in self.numbers.items()}
        longest_first = sorted(self.numbers, key=len, reverse=True)
        self._any = re.compile("|".join(map(_pattern, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """Give the text without any of them."""
        return self._any.sub(lambda found: f"[id {self._number(found[0])}]", text) if self._any else text

    def _number(self, found: str) -> int:
        return self.numbers.get(found) or self._folded[found.casefold()]


def _pattern(identifier: str) -> str:
    """Find a long one wherever and however it is written, also within a scanned code; a short one only as a word."""
    found = re.escape(identifier)
    return f"(?ai:{found})" if len(identifier) >= _LONG else rf"(?<![A-Za-z0-9]){found}(?![A-Za-z0-9])"


def identifiers(objects: Objects) -> Iterator[str]:
    """Give every identifier of a patient or donor that events state, in the order of kinds and ids."""
    for kind, fields in _FIELDS.items():
        for thing in objects.every(kind):
            for event in objects.streams[f"{kind}/{thing.id}"]:
                yield from _stated(event, fields)
    for kind in _PERSONS:
        yield from (thing.id for thing in objects.every(kind) if len(thing.id) >= _SHORTEST)


def _stated(event: Event, fields: frozenset[str]) -> Iterator[str]:
    """Give what stands in the fields of a move that identify; a donation number also without its check character."""
    try:
        given = msgspec.json.decode(bytes(event.read(Recorded).given), type=dict[str, object])
    except (DamagedError, msgspec.DecodeError):
        return
    for name, value in given.items():
        if name in fields and isinstance(value, str) and len(value) >= _SHORTEST:
            yield value
            if name == "din":
                yield value[:13]
