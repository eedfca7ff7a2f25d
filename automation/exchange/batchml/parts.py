"""Parts that many elements share: what heads an entry, and values with type and unit.

Units:  as they stand in the record, by their UCUM code.
Source: MESA B2MML-BatchML 7.0.1 (BatchProductionRecordEntryType, ValueType, BatchValueType).
"""

from typing import Final

import msgspec

from automation.exchange.batchml.xml import Node, code, empty, node

OBJECTS: Final = frozenset(
    {
        "Batch Production Record",
        "Change",
        "Comment",
        "Control Recipe",
        "Data Set",
        "Event",
        "Master Recipe",
        "Personnel Identification Manifest",
        "Recipe Element",
        "Resource Definition Manifest",
        "Sample",
        "Sample Test",
        "Sample Test Result",
    }
)
STATES: Final = frozenset({"Waiting", "Ready", "Running", "Completed", "Aborted", "Held", "Paused", "Closed"})
_STATE: Final = {
    "idle": "Ready",
    "running": "Running",
    "pausing": "Paused",
    "paused": "Paused",
    "holding": "Held",
    "held": "Held",
    "complete": "Completed",
    "stopped": "Aborted",
    "aborted": "Aborted",
    "closed": "Closed",
}


def entry(name: str, kind: str, *, at: str = "", reference: str = "") -> dict[str, Node]:
    """Give what heads an entry of a record; what is empty is left out."""
    head = {"EntryID": Node("", "id", name), "ObjectType": code(kind, known=OBJECTS)}
    times = {"TimeStamp": Node("", "time", at)} if at else {}
    others = {"ExternalReference": Node("", "id", reference)} if reference else {}
    return {**head, **times, **others}


def event(seq: int) -> str:
    """Name an event of the ledger."""
    return f"event/{seq}"


def state(word: str) -> Node:
    """Give a state of ISA-88 as one of those that performances have."""
    return code(_STATE.get(word, word), known=STATES)


def value(text: str, *, sort: str = "", unit: str = "", key: str = "") -> Node:
    """Give a value as it is written, with its type, unit and key."""
    return node(
        "Value",
        "Value",
        ValueString=Node("", "text", text),
        DataType=sort,
        UnitOfMeasure=unit,
        Key=key,
    )


def constant(found: object, *, unit: str = "", text: str = "") -> Node:
    """Give a value of a parameter; one that is no plain one is written as JSON."""
    sort = sort_of(found)
    shown = text if text and sort == "string" else plain(found)
    return node(
        "Value",
        "BatchValue",
        ValueString=Node("", "text", shown),
        DataInterpretation="Constant",
        DataType=sort,
        UnitOfMeasure=unit or empty(),
    )


def sort_of(found: object) -> str:
    """Name the type of a value."""
    match found:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "double"
    return "string"


def plain(found: object) -> str:
    """Write a value so that it can be read back: a text as it is, a number in full, anything else as JSON."""
    return found if isinstance(found, str) else msgspec.json.encode(found).decode()
