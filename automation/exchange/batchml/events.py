"""Every event of the record's trail as an event of BatchML, each with its hash, so that none is lost on the way.

What happened stands as it stands in the trail; the type says whom it concerns. A correction gives the old value too.
Source: MESA B2MML-BatchML 7.0.1 (SingleEventType, EventType, EventSubType); ANSI/ISA-88.00.04.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from automation.exchange.batchml.parts import entry, event, value
from automation.exchange.batchml.xml import Node, code, node
from automation.views.record import Entry
from automation.views.wording import is_person

TYPES: Final = frozenset(
    {
        "Alarm",
        "Control Recipe",
        "Equipment",
        "General",
        "Material",
        "Message",
        "Operator",
        "Procedural Execution",
    }
)
SUBTYPES: Final = frozenset(
    {
        "Allocation",
        "Consume",
        "Deallocation",
        "Equipment",
        "Modification",
        "Movement",
        "Process",
        "Process Data",
        "Produce",
        "Prompt",
        "Prompt Response",
        "Property Value Change",
        "Reconciliation",
        "Security",
        "State Change",
        "State Command",
        "Status Change",
        "System",
    }
)
_OF_KIND: Final[Mapping[str, tuple[str, str]]] = {
    "alarm": ("Alarm", "Status Change"),
    "asset": ("Equipment", "Status Change"),
    "batch": ("Procedural Execution", "State Change"),
    "container": ("Material", "Status Change"),
    "correction": ("Operator", "Modification"),
    "deviation": ("General", "Deviation"),
    "label": ("Material", "Label"),
    "lot": ("Material", "Consume"),
    "prompt": ("Operator", "Prompt Response"),
    "refusals": ("Operator", "Security"),
    "timer": ("General", "Time limit"),
    "ledger": ("General", "System"),
    "site": ("General", "System"),
}
_OF_MOVE: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("asset", "claim"): ("Equipment", "Allocation"),
    ("asset", "free"): ("Equipment", "Deallocation"),
    ("prompt", "open"): ("Operator", "Prompt"),
    ("batch", "issue"): ("Control Recipe", "State Change"),
    ("step", "data"): ("Procedural Execution", "Process Data"),
    ("step", "call"): ("Equipment", "State Command"),
    ("step", "reply"): ("Equipment", "Process"),
    ("step", "read"): ("Equipment", "Process Data"),
    ("step", "bound"): ("Control Recipe", "Property Value Change"),
    ("container", "expect"): ("Material", "Produce"),
    ("container", "fill"): ("Material", "Produce"),
    ("container", "draw"): ("Material", "Consume"),
    ("container", "move"): ("Material", "Movement"),
    ("container", "store"): ("Material", "Movement"),
}


def events(trail: tuple[Entry, ...], before: Mapping[int, tuple[str, str, str]]) -> Iterator[Node]:
    """Give each event of a trail; ``before`` gives field, old and new value of those that are corrections."""
    for one in trail:
        yield _event(one, before.get(one.seq))


def _event(one: Entry, corrected: tuple[str, str, str] | None) -> Node:
    kind, sort = _types(one)
    name, was, now = corrected or ("", "", "")
    step = one.stream.partition("/step/")[2]
    asset = one.stream.partition("/")[2] if one.stream.startswith("asset/") else ""
    return node(
        "Event",
        "Event",
        **entry(event(one.seq), "Event", at=one.at, reference=one.hash),
        Description=f"{one.kind} {one.stream} {one.version}",
        EventType=code(kind, known=TYPES),
        EventSubType=code(sort, known=SUBTYPES),
        EquipmentID=asset,
        Value=value(now, sort="string", key=name) if corrected else (),
        PreviousValue=value(was, sort="string", key=name) if corrected else (),
        MessageText=one.said,
        PersonID=one.by if is_person(one.by) else "",
        ComputerID=[name for name in ("" if is_person(one.by) else one.by, one.terminal) if name],
        ProceduralElementReference=step,
        Category=one.stream,
        AssociatedEventID=event(one.cause) if one.cause else "",
    )


def _types(one: Entry) -> tuple[str, str]:
    word = "step" if "/step/" in one.stream and one.stream.startswith("batch/") else one.stream.partition("/")[0]
    if (word, one.kind) in _OF_MOVE:
        return _OF_MOVE[word, one.kind]
    if word == "step":
        return "Procedural Execution", "State Change" if one.kind in {"enter", "move", "procedural"} else "Process"
    return _OF_KIND.get(word, ("General", word))
