"""Reads what a partner sends as an EPCIS document: its events as lines of custody, its temperatures as a curve.

Nothing of it is taken by itself: a line says which hand-over a person may enter, of what, from whom and to whom.
What is not as the standard says is refused whole, with the field, the value and what is allowed.
Units:  degC; moments in s (UTC) inside, ISO 8601 with offset as they were sent in lines.
Source: GS1 EPCIS 2.0; GS1 CBV 2.0.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote

import msgspec

from automation.exchange.epcis.checks import Fields
from automation.exchange.epcis.naming import OWN
from automation.exchange.epcis.shapes import DOCUMENT
from automation.formulas.curves import Point
from automation.kernel.clock import instant
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Seconds
from automation.kernel.untrusted import UNREADABLE, check_seen, once

_MARK = b'"EPCISDocument"'
_UNITS = {"CEL": (1.0, 0.0), "KEL": (1.0, 273.15), "FAH": (5 / 9, 32.0)}  # scale and zero towards degC
_T = TypeVar("_T")
_PLACE = "document.epcisBody.eventList"
_EXTREMES = ("value", "minValue", "maxValue")
_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_GIVEN, _TAKEN = frozenset({"shipping", "departing"}), frozenset({"receiving", "accepting", "arriving"})


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a partner as a line of custody; ``enter`` is what a person may do with it."""

    at: str
    step: str
    items: tuple[str, ...]
    giver: str
    receiver: str
    place: str
    lowest_c: Celsius | None
    highest_c: Celsius | None
    disposition: str
    event: str  # id, as it was sent
    declared: str  # why it was declared to be wrong; empty for one that stands
    enter: str


def document(data: bytes, *, name: str) -> Fields:
    """Give a whole EPCIS 2.0 document; raises InputError that names the file, the field and what is allowed."""
    try:
        said = msgspec.json.decode(data)
        json.loads(data, object_pairs_hook=once)
        DOCUMENT(said, "document")
    except UNREADABLE as error:
        raise InputError(f"this is no JSON ({error})", where=name) from None
    except InputError as error:
        raise InputError(str(error), where=name) from None
    return said if isinstance(said, dict) else {}


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads EPCIS documents by their content."""

    title: str = "EPCIS 2.0 document (JSON)"

    def claims(self, data: bytes) -> bool:
        """Tell whether this says that it is an EPCIS document."""
        return data.lstrip()[:1] == b"{" and _MARK in data

    def read(self, data: bytes, *, name: str) -> tuple[Line, ...]:
        """Give a line an event, in the order of the document; raises InputError."""
        return tuple(_placed(_line, event, f"{name}: {_PLACE}[{at}]") for at, event in enumerate(_found(data, name)))


READER = Reader()


def curve(text: str, *, name: str) -> tuple[Point, ...]:
    """Give the readings of one logger as a curve; raises InputError where there are none, or those of several.

    A reading is a temperature with its time, or a time at which the logger reported an error. A lowest and a highest
    temperature alone are no history: they stand in the lines.
    """
    events = enumerate(_found(text.encode(), name))
    found = [one for at, event in events for one in _placed(_readings, event, f"{name}: {_PLACE}[{at}]")]
    devices = sorted({one.device for one in found})
    if len(devices) > 1:
        raise InputError(f"it has readings of several loggers ({', '.join(devices)}): judge each by itself", where=name)
    if not found:
        raise InputError("no sensor element has a temperature with its time", where=name)
    values = dict(sorted(((one.at, one.value) for one in found), key=lambda one: one[0]))
    other = next((one for one in found if values[one.at] != one.value), None)
    if other is not None:
        raise InputError(
            f"the logger has two temperatures, {other.value} and {values[other.at]} degC, at one moment", where=name
        )
    begin = min(values)
    return tuple(Point(Seconds(at - begin), None, value) for at, value in values.items())


@dataclass(frozen=True, slots=True)
class _Reading:
    at: float
    value: Celsius | None
    device: str


def _readings(event: Fields) -> list[_Reading]:
    found = []
    for element, report in _temperatures(event):
        metadata = _part(element, "sensorMetadata")
        when = report.get("time") or metadata.get("time")
        device = str(report.get("deviceID") or metadata.get("deviceID") or "")
        if when and ("value" in report or "exception" in report):
            found.append(_Reading(float(instant(str(when))), _celsius(report, "value"), device))
    return found


def _temperatures(event: Fields) -> Iterator[tuple[Fields, Fields]]:
    for element in _many(event, "sensorElementList"):
        for report in _many(element, "sensorReport"):
            if str(report.get("type")).rpartition("/")[2] == "Temperature":
                yield element, report


def _celsius(report: Fields, name: str) -> Celsius | None:
    """Give a temperature in degC; raises InputError for a unit that is none."""
    value = report.get(name)
    if not isinstance(value, int | float):
        return None
    unit = str(report.get("uom", ""))
    if unit not in _UNITS:
        raise InputError(f"a temperature has the unit {unit!r}; {', '.join(_UNITS)} are known")
    scale, zero = _UNITS[unit]
    return Celsius(round((value - zero) * scale, 6))


def _found(data: bytes, name: str) -> list[Fields]:
    return _many(_part(document(data, name=name), "epcisBody"), "eventList")


def _placed(read: Callable[[Fields], _T], event: Fields, place: str) -> _T:
    """Read one event; an error says which it was."""
    try:
        return read(event)
    except InputError as error:
        raise InputError(str(error), where=place) from None


def _line(event: Fields) -> Line:
    giver, receiver = _party(event, "source"), _party(event, "destination")
    values = [
        one for _, report in _temperatures(event) for key in _EXTREMES if (one := _celsius(report, key)) is not None
    ]
    error = _part(event, "errorDeclaration")
    step = str(event.get("bizStep", ""))
    return Line(
        at=str(event["eventTime"]),
        step=step or str(event["type"]),
        items=tuple(dict.fromkeys(_short(str(one)) for name in _LISTS for one in _texts(event, name))),
        giver=giver,
        receiver=receiver,
        place=_short(str(_part(event, "readPoint").get("id", ""))),
        lowest_c=min(values, default=None),
        highest_c=max(values, default=None),
        disposition=str(event.get("disposition", "")),
        event=str(event.get("eventID", "")),
        declared=str(error.get("reason", "declared wrong")) if error else "",
        enter=_entry(step, giver=giver, receiver=receiver) if not error else "",
    )


def _entry(step: str, *, giver: str, receiver: str) -> str:
    """Say what a person may enter: both sides of a hand-over are signed, or attested, by people."""
    if not giver or not receiver or step not in {*_GIVEN, *_TAKEN}:
        return ""
    return "handover attest_giving" if step in _GIVEN else "handover attest_taking"


def _party(event: Fields, name: str) -> str:
    found = [one for one in _many(event, f"{name}List") if str(one.get("type")).endswith("possessing_party")]
    return _short(str(found[0].get(name, ""))) if found else ""


def _short(uri: str) -> str:
    """Give the name within one of our own URIs, without what all begin with; another's as it is.

    Raises InputError for characters that would be shown as something else.
    """
    found = unquote(uri.rpartition(":")[2]) if uri.startswith(f"{OWN}:") else uri
    check_seen(found, f"the name {found[:60]!a}")
    return found


def _part(said: Fields, name: str) -> Fields:
    found = said.get(name)
    return found if isinstance(found, dict) else {}


def _many(said: Fields, name: str) -> list[Fields]:
    found = said.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _texts(said: Fields, name: str) -> list[str]:
    found = said.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []
