"""The audit trail: every event of the record in the order of the ledger, also kinds that no view knows.

Source: 21 CFR 11.10(e); Annex 11 draft 12.2 (who, what, when, why).
"""

from collections.abc import Iterable

from automation.kernel.errors import DamagedError
from automation.ledger.event import Event
from automation.views.record import Entry
from automation.views.wording import NOTHING, show, stamp

_ASIDE = frozenset({"wire", "read", "command"})  # bytes and cross references: in the proof, not in the sentence


def audit_trail(events: Iterable[Event], *, zone: str) -> tuple[Entry, ...]:
    """Give one line for each event."""
    return tuple(
        Entry(
            seq=event.seq,
            at=stamp(event.at, zone=event.zone or zone),
            stream=event.stream,
            version=event.version,
            kind=event.kind,
            by=event.by,
            terminal=event.terminal,
            cause=event.cause,
            said=said(event),
            hash=event.hash.hex(),
        )
        for event in events
    )


def said(event: Event) -> str:
    """Write what an event states, without what only machines read."""
    try:
        body = event.fields
    except DamagedError:
        return f"{len(event.body)} bytes that can't be read as JSON"
    given = body.pop("given", None)
    signed = body.pop("signed", None)
    parts = [show(given)] if given else []
    rest = {name: value for name, value in body.items() if name not in _ASIDE and value not in (None, "", [], {})}
    if rest:
        parts.append(show(rest))
    if isinstance(signed, list):
        parts += [f"signed by {one.get('name')} ({one.get('meaning')})" for one in signed if isinstance(one, dict)]
    return " ".join("; ".join(parts).split()) or NOTHING
