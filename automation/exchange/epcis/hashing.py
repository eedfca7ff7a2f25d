"""The id of an event, made from what it says, so that whoever has the event finds the same id.

What an event is, when and where stands in one string of names and values in an order that the standard fixes; its
SHA-256 is the id. The id itself, when it was recorded, and that it was declared to be wrong are left out, so that an
event keeps its id when it is declared to be wrong.
Source: GS1 CBV 2.0 (event hash ID), as epcis-event-hash-generator 1.9.3 describes it; RFC 6920 (ni URI).
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from automation.exchange.epcis.model import PREFIX, TERMS, Event

_CBV, _VOC = "https://ref.gs1.org/cbv/", "https://gs1.org/voc/"
_WORDS: Final = {"bizStep": f"{_CBV}BizStep-", "disposition": f"{_CBV}Disp-"}
_TYPES: Final = {"bizTransaction": f"{_CBV}BTT-", "source": f"{_CBV}SDT-", "destination": f"{_CBV}SDT-"}
_ITEMS: Final = ("epcList", "inputEPCList", "childEPCs")
_SENSOR: Final = ("startTime", "endTime", "deviceID", "rawData")
_REPORT: Final = ("type", "exception", "value", "minValue", "maxValue", "meanValue", "uom")

_Fields = dict[str, object]


def event_id(event: Event) -> str:
    """Give the id that follows from an event."""
    told = hashlib.sha256(told_of(event).encode()).hexdigest()
    return f"ni:///sha-256;{told}?ver=CBV2.0"


def told_of(event: Event) -> str:
    """Give the string that is hashed."""
    return "".join(_parts(msgspec.to_builtins(event)))


def _parts(said: _Fields) -> Iterator[str]:
    yield f"eventType={said['type']}"
    yield f"eventTime={_utc(said['eventTime'])}"
    yield f"eventTimeZoneOffset={said['eventTimeZoneOffset']}"
    yield from _texts(said, ("parentID",))
    for name in _ITEMS:
        yield _list(name, (f"epc={one}" for one in _many(said, name)))
    yield _list("inputQuantityList", map(_quantity, _many(said, "inputQuantityList")))
    yield _list("outputEPCList", (f"epc={one}" for one in _many(said, "outputEPCList")))
    yield from _texts(said, ("action", "bizStep", "disposition"))
    for name in ("readPoint", "bizLocation"):
        yield _list(name, (f"id={_at(said[name], 'id')}" for _ in (1,) if name in said))
    for name in ("bizTransaction", "source", "destination"):
        yield _list(f"{name}List", (_typed(name, one) for one in _many(said, f"{name}List")))
    yield _list("sensorElementList", map(_element, _many(said, "sensorElementList")))
    ilmd = said.get("ilmd")
    named = ilmd.items() if isinstance(ilmd, dict) else ()
    yield _list("ilmd", (f"{_own(key)}={_number(value)}" for key, value in named))
    yield from sorted(f"{_own(key)}={value}" for key, value in said.items() if key.startswith(f"{PREFIX}:"))


def _many(said: _Fields, name: str) -> Iterable[object]:
    found = said.get(name, ())
    return found if isinstance(found, list | tuple) else ()


def _list(name: str, parts: Iterable[str]) -> str:
    found = sorted(parts)
    return name + "".join(found) if found else ""


def _texts(said: _Fields, names: Iterable[str]) -> Iterator[str]:
    return (f"{name}={_WORDS.get(name, '')}{said[name]}" for name in names if name in said)


def _at(part: object, name: str) -> object:
    return part.get(name) if isinstance(part, dict) else None


def _quantity(part: object) -> str:
    said = "".join(f"{name}={_number(_at(part, name))}" for name in ("epcClass", "quantity", "uom"))
    return f"quantityElement{said}"


def _typed(name: str, part: object) -> str:
    kind = str(_at(part, "type"))
    return f"{name}={_at(part, name)}type={kind if ':' in kind else _TYPES[name] + kind}"


def _element(part: object) -> str:
    metadata = _at(part, "sensorMetadata")
    said = [(name, _at(metadata, name)) for name in _SENSOR]
    shown = "".join(f"{name}={_utc(value) if name.endswith('Time') else value}" for name, value in said if value)
    reports = _at(part, "sensorReport")
    told = sorted(map(_report, reports)) if isinstance(reports, list | tuple) else ()
    return f"sensorElement{f'sensorMetadata{shown}' if shown else ''}{''.join(told)}"


def _report(part: object) -> str:
    said = [(name, _at(part, name)) for name in _REPORT]
    return "sensorReport" + "".join(
        f"{name}={_VOC if name == 'type' else ''}{_number(value)}" for name, value in said if value not in {None, ""}
    )


def _own(key: str) -> str:
    return f"{{{TERMS}}}{key.partition(':')[2]}"


def _number(value: object) -> str:
    """Write a value: a number without zeros at its end."""
    try:
        number = float(str(value))
    except ValueError:
        return str(value)
    return str(int(number) if number.is_integer() else number)


def _utc(text: object) -> str:
    moment = datetime.fromisoformat(str(text)).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
