"""What a field of an EPCIS document may hold, as one small check for each; what is wrong is named with its place.

A name with a colon is somebody's own field: it is passed over, as the standard asks. Any other name has to be one of
the standard's, so that a misspelt field is found and not lost.
Source: GS1 EPCIS 2.0 (fields of events); RFC 3986 (scheme of a URI); RFC 3339 (times).
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from automation.exchange.epcis import words
from automation.kernel.errors import InputError

Check = Callable[[object, str], None]
Fields = Mapping[str, object]
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_OFFSET = re.compile(r"[+-]((0\d|1[0-3]):[0-5]\d|14:00)")
_UOM = re.compile(r"[A-Z0-9]{2,3}")
_GS1 = ("https://ref.gs1.org/cbv/", "https://ns.gs1.org/cbv/", "http://ns.gs1.org/cbv/", "urn:epcglobal:cbv")
_SHOWN = 60  # characters of a wrong value that are shown


def wrong(value: object, place: str, *, allowed: str) -> InputError:
    """Give the error that names field, value and what is allowed."""
    shown = repr(value)
    return InputError(f"is {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'}; {allowed}", where=place)


def fields(value: object, place: str) -> Fields:
    """Give an object's fields; raises InputError for anything else."""
    if not isinstance(value, dict):
        raise wrong(value, place, allowed="an object is needed")
    return value


def text(value: object, place: str) -> None:
    """Refuse what is no text."""
    if not isinstance(value, str):
        raise wrong(value, place, allowed="a text is needed")


def uri(value: object, place: str) -> None:
    """Refuse what is no URI."""
    if not isinstance(value, str) or not _URI.fullmatch(value):
        raise wrong(value, place, allowed="a URI is needed, such as urn:epc:id:... or https://id.gs1.org/...")


def time(value: object, place: str) -> None:
    """Refuse what is no moment with its offset."""
    if not isinstance(value, str) or not _TIME.fullmatch(value) or not _is_moment(value):
        raise wrong(
            value, place, allowed="a date and time with its offset is needed, such as 2026-01-12T09:30:00.000+01:00"
        )


def _is_moment(text: str) -> bool:
    try:
        return 1 < datetime.fromisoformat(text).year < 9999
    except ValueError:
        return False


def offset(value: object, place: str) -> None:
    """Refuse what is no offset from UTC."""
    if not isinstance(value, str) or not _OFFSET.fullmatch(value):
        raise wrong(value, place, allowed="an offset such as +01:00 is needed")


def number(value: object, place: str) -> None:
    """Refuse what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(value, place, allowed="a number is needed")


def truth(value: object, place: str) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool):
        raise wrong(value, place, allowed="true or false is needed")


def uom(value: object, place: str) -> None:
    """Refuse what is no code of a unit."""
    if not isinstance(value, str) or not _UOM.fullmatch(value):
        raise wrong(value, place, allowed="a unit code of UN/CEFACT Recommendation 20 is needed, such as CEL")


def word(known: Collection[str], *, only: bool = False) -> Check:
    """Refuse what is neither a word of the standard nor, unless there are no others, a URI of somebody's own."""

    def check(value: object, place: str) -> None:
        if isinstance(value, str) and value in known:
            return
        own = isinstance(value, str) and _URI.fullmatch(value) is not None and not value.startswith(_GS1)
        if only or not own:
            raise wrong(
                value, place, allowed=f"one of {', '.join(sorted(known))}{'' if only else ', or a URI of your own'}"
            )

    return check


def many(check: Check, *, least: int = 0) -> Check:
    """Refuse what is no list of such."""

    def check_all(value: object, place: str) -> None:
        if not isinstance(value, list) or len(value) < least:
            raise wrong(value, place, allowed="a list is needed" if not least else "a list that is not empty is needed")
        for at, one in enumerate(value):
            check(one, f"{place}[{at}]")

    return check_all


def once(value: object, place: str) -> None:
    """Refuse a list of URIs that names one twice."""
    many(uri)(value, place)
    if isinstance(value, list) and len(set(value)) < len(value):
        raise wrong(value, place, allowed="each item once")


def part(known: Mapping[str, Check], *, needs: Collection[str] = (), closed: bool = False) -> Check:
    """Refuse an object with a field that is wrong, missing, or none of the standard's."""

    def check(value: object, place: str) -> None:
        said = fields(value, place)
        for name in needs:
            if name not in said:
                raise InputError(f"has no {name}", where=place)
        for name, one in said.items():
            if name in known:
                known[name](one, f"{place}.{name}")
            elif closed or ":" not in name:
                raise InputError(f"{name!r} is no field of it; known: {', '.join(known)}", where=place)

    return check


PLACE = part({"id": uri}, needs=("id",))
QUANTITY = part({"epcClass": uri, "quantity": number, "uom": uom}, needs=("epcClass",), closed=True)
TRANSACTION = part({"type": word(words.TRANSACTIONS), "bizTransaction": uri}, needs=("bizTransaction",), closed=True)
SOURCE = part({"type": word(words.PARTIES), "source": uri}, needs=("type", "source"), closed=True)
DESTINATION = part({"type": word(words.PARTIES), "destination": uri}, needs=("type", "destination"), closed=True)
ERROR = part(
    {"declarationTime": time, "reason": word(words.ERROR_REASONS), "correctiveEventIDs": many(uri)},
    needs=("declarationTime",),
)
PERSISTENT = part(
    {"set": many(word(words.DISPOSITIONS), least=1), "unset": many(word(words.DISPOSITIONS), least=1)}, closed=True
)
_DEVICE: Mapping[str, Check] = {
    "time": time,
    **dict.fromkeys(("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"), uri),
}
_REPORT: Mapping[str, Check] = {
    **_DEVICE,
    "type": word(words.MEASUREMENTS),
    "exception": word(words.ALERTS),
    "component": word(words.COMPONENTS),
    **dict.fromkeys(("microorganism", "chemicalSubstance", "coordinateReferenceSystem", "uriValue"), uri),
    **dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), number),
    **dict.fromkeys(("stringValue", "hexBinaryValue", "uom"), text),
    "booleanValue": truth,
}
SENSOR = part(
    {
        "sensorMetadata": part({**_DEVICE, "startTime": time, "endTime": time}),
        "sensorReport": many(part(_REPORT, needs=("type",)), least=1),
    },
    needs=("sensorReport",),
)
