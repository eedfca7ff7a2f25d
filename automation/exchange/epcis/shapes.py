"""The five types of events and the document, as tables of fields with their checks.

Source: GS1 EPCIS 2.0, as its JSON Schema of 2023 has it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from automation.exchange.epcis import checks, words
from automation.exchange.epcis.checks import Check, Fields, part
from automation.kernel.errors import InputError

_COMMON: Mapping[str, Check] = {
    "@context": lambda _value, _place: None,
    "type": checks.text,
    "eventTime": checks.time,
    "recordTime": checks.time,
    "eventTimeZoneOffset": checks.offset,
    "eventID": checks.uri,
    "certificationInfo": lambda value, place: (checks.many(checks.uri) if isinstance(value, list) else checks.uri)(
        value, place
    ),
    "errorDeclaration": checks.ERROR,
    "bizStep": checks.word(words.BUSINESS_STEPS),
    "disposition": checks.word(words.DISPOSITIONS),
    "readPoint": checks.PLACE,
    "bizLocation": checks.PLACE,
    "bizTransactionList": checks.many(checks.TRANSACTION),
    "sourceList": checks.many(checks.SOURCE),
    "destinationList": checks.many(checks.DESTINATION),
    "sensorElementList": checks.many(checks.SENSOR),
}
_ACTION: Mapping[str, Check] = {"action": checks.word(words.ACTIONS, only=True)}
_LOTS = checks.many(checks.QUANTITY)
_ITEMS: Mapping[str, Check] = {"epcList": checks.once, "quantityList": _LOTS}
_CHILDREN: Mapping[str, Check] = {
    "parentID": checks.uri,
    "childEPCs": checks.many(checks.uri),
    "childQuantityList": _LOTS,
}
_MADE: Mapping[str, Check] = {"persistentDisposition": checks.PERSISTENT, "ilmd": part({})}
_INPUTS, _OUTPUTS = ("inputEPCList", "inputQuantityList"), ("outputEPCList", "outputQuantityList")


@dataclass(frozen=True, slots=True)
class Shape:
    """One type of event: its fields, those that it needs, and which lists say what it is about."""

    fields: Mapping[str, Check]
    needs: Collection[str]
    about: Collection[str]


_WHEN = ("type", "eventTime", "eventTimeZoneOffset")
SHAPES: Mapping[str, Shape] = {
    "ObjectEvent": Shape({**_COMMON, **_ACTION, **_ITEMS, **_MADE}, (*_WHEN, "action"), tuple(_ITEMS)),
    "AggregationEvent": Shape(
        {**_COMMON, **_ACTION, **_CHILDREN}, (*_WHEN, "action"), ("childEPCs", "childQuantityList")
    ),
    "AssociationEvent": Shape(
        {**_COMMON, **_ACTION, **_CHILDREN}, (*_WHEN, "action", "parentID"), ("childEPCs", "childQuantityList")
    ),
    "TransactionEvent": Shape(
        {**_COMMON, **_ACTION, **_ITEMS, "parentID": checks.uri},
        (*_WHEN, "action", "bizTransactionList"),
        tuple(_ITEMS),
    ),
    "TransformationEvent": Shape(
        {
            **_COMMON,
            **_MADE,
            "inputEPCList": checks.once,
            "inputQuantityList": _LOTS,
            "outputEPCList": checks.once,
            "outputQuantityList": _LOTS,
            "transformationID": checks.uri,
        },
        _WHEN,
        (*_INPUTS, *_OUTPUTS),
    ),
}


def check_event(value: object, place: str) -> None:
    """Refuse an event that is not as the standard says; raises InputError that names the field."""
    said = checks.fields(value, place)
    kind = said.get("type")
    if not isinstance(kind, str) or kind not in SHAPES:
        raise checks.wrong(kind, f"{place}.type", allowed=f"one of {', '.join(SHAPES)} is needed")
    shape = SHAPES[kind]
    part(shape.fields, needs=shape.needs)(value, place)
    _check_about(said, place)
    if "ilmd" in said and said.get("action", "ADD") != "ADD":
        raise InputError("has ilmd, which only the begin of a thing's life has (action ADD)", where=place)
    if said.get("bizTransactionList") == [] and kind == "TransactionEvent":
        raise InputError("has no business transaction in its bizTransactionList", where=place)
    persistent = said.get("persistentDisposition")
    if persistent is not None and not checks.fields(persistent, place).keys() & {"set", "unset"}:
        raise InputError("has a persistentDisposition that neither sets nor unsets", where=place)


def _check_about(said: Fields, place: str) -> None:
    """Refuse an event about nothing."""
    kind = str(said["type"])
    if kind == "TransformationEvent":
        both = all(any(said.get(name) for name in names) for names in (_INPUTS, _OUTPUTS))
        one = any(said.get(name) for name in (*_INPUTS, *_OUTPUTS)) and "transformationID" in said
        if not (both or one):
            raise InputError("names no input or no output, and is no part of a longer transformation", where=place)
        return
    measured = kind == "ObjectEvent" and bool(said.get("sensorElementList")) and "readPoint" in said
    removed = kind != "ObjectEvent" and said.get("action") == "DELETE"
    listed = "epcList" in said if kind in {"ObjectEvent", "TransactionEvent"} else bool(said.get("childEPCs"))
    if not (listed or measured or removed or any(said.get(name) for name in SHAPES[kind].about)):
        raise InputError(f"is about nothing: {' or '.join(SHAPES[kind].about)} is needed", where=place)


def _context(value: object, place: str) -> None:
    if not isinstance(value, dict):
        checks.uri(value, place)


def _name(value: object, place: str) -> None:
    """Refuse what names no document; one that has no name outside may have a blank one."""
    if not (isinstance(value, str) and value.startswith("_:")):
        checks.uri(value, place)


DOCUMENT = part(
    {
        "@context": lambda value, place: (checks.many(_context) if isinstance(value, list) else _context)(value, place),
        "id": _name,
        "type": checks.word(("EPCISDocument",), only=True),
        "schemaVersion": checks.word(("2.0", "2.0.0", "2.0.1"), only=True),
        "creationDate": checks.time,
        **dict.fromkeys(("instanceIdentifier", "sender", "receiver"), checks.text),
        "epcisHeader": part({"epcisMasterData": part({"vocabularyList": checks.many(part({}))})}),
        "epcisBody": part({"eventList": checks.many(check_event)}, needs=("eventList",)),
    },
    needs=("@context", "type", "schemaVersion", "creationDate", "epcisBody"),
)
