"""The logbook of an asset or a room, in the order of time; and the bundle that goes with a report of a fault.

Each line of the log says when, what, for which batch of which product, by whom, and who checked it.
Source: 21 CFR 211.182 (date, time, product, lot and who performed and double-checked, in chronological order), 211.67;
        EU GMP chapter 4, 4.31; Annex 11, 13 (root cause of incidents).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from automation.gmp.marks import of_asset
from automation.gmp.objects import Recorded
from automation.kernel.clock import MICRO
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Event
from automation.views.audit_trail import audit_trail, said
from automation.views.objects import Objects
from automation.views.wording import stamp

_OF_ASSET = ("calibration", "maintenance", "fault")
_QUIET = frozenset({"asset identify"})  # said at each connection


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log."""

    seq: int
    at: str
    what: str
    batch: str
    product: str
    by: str
    checked_by: str
    said: str


def logbook(objects: Objects, kind: str, *, name: str) -> list[LogLine]:
    """Give the log of an asset or room in the order of time: use, cleaning, calibration, maintenance, faults."""
    streams = [f"{kind}/{name}"]
    if kind == "asset":
        streams += [f"{word}/{one.id}" for word in _OF_ASSET for one in objects.marked(word, of_asset(name))]
    events = [event for stream in streams for event in objects.streams.get(stream, ())]
    lines = (_line(objects, event) for event in sorted(events, key=lambda event: event.seq))
    return [line for line in lines if line.what not in _QUIET]


def _line(objects: Objects, event: Event) -> LogLine:
    fields = event.fields
    given = fields.get("given")
    batch = str(given.get("batch", "")) if isinstance(given, Mapping) else ""
    issue = getattr(objects.find("batch", batch), "issue", None) if batch else None
    others = [one.name for one in event.read(Recorded).signed if one.by != event.by]
    return LogLine(
        seq=event.seq,
        at=stamp(event.at, zone=event.zone or objects.zone),
        what=f"{event.stream.partition('/')[0]} {event.kind}",
        batch=batch,
        product=getattr(issue, "product", ""),
        by=event.by,
        checked_by=", ".join(others),
        said=said(event),
    )


def bundle(objects: Objects, asset: str, *, until: Instant, lasting: Seconds) -> dict[str, object]:
    """Give all that says what an asset did in a window: its state, its steps' parameters, and every event about it.

    Timeline and exchanges with the device are of the ``lasting`` s before ``until``; bytes are hexadecimal.
    """
    since = until - lasting
    events = [event for stream in objects.streams.values() for event in stream]
    calls = {_call(event) for event in events if event.kind == "call" and event.fields.get("asset") == asset}
    inside = (event for event in events if since <= Instant(event.at / MICRO) <= until)
    meant = [event for event in inside if _call(event) in calls or _is_about(event, asset)]
    meant.sort(key=lambda event: event.seq)
    return {
        "asset": asset,
        "since": stamp(since, zone=objects.zone),
        "until": stamp(until, zone=objects.zone),
        "head": {"seq": objects.reader.last.seq, "hash": objects.reader.last.hash.hex()},
        "state": objects.known("asset", asset),
        "not_ready": list(getattr(objects.find("asset", asset), "ready", lambda _now: ())(until)),
        "parameters": dict(_parameters(objects, asset)),
        "faults": list(objects.marked("fault", of_asset(asset))),
        "timeline": audit_trail(meant, zone=objects.zone),
        "exchanges": [dict(_exchange(event)) for event in meant if "wire" in event.fields],
    }


def _call(event: Event) -> tuple[str, object, object] | None:
    """Give what a call and its reply have in common; None for what is neither."""
    if "/step/" not in event.stream or "n" not in event.fields:
        return None
    return event.stream, event.fields.get("visit"), event.fields["n"]


def _is_about(event: Event, asset: str) -> bool:
    """Tell whether an event is of an asset's own stream, of a call to it, or of an alarm or move that names it."""
    if event.stream in {f"asset/{asset}", f"refusals/asset/{asset}"}:
        return True
    fields = event.fields
    given = fields.get("given")
    named = given if isinstance(given, Mapping) else {}
    return asset in {fields.get("asset"), named.get("asset"), named.get("source")}


def _exchange(event: Event) -> Iterator[tuple[str, object]]:
    fields = event.fields
    yield from (("seq", event.seq), ("stream", event.stream), ("kind", event.kind))
    yield from ((name, fields[name]) for name in ("asset", "method", "args", "value", "wire") if name in fields)


def _parameters(objects: Objects, asset: str) -> Iterator[tuple[str, object]]:
    """Give the parameters of every step that was bound to the asset."""
    for stream, events in objects.streams.items():
        for event in events if "/step/" in stream else ():
            bound = event.fields if event.kind == "bound" else {}
            assets = bound.get("assets")
            if isinstance(assets, Mapping) and asset in assets.values():
                yield stream, bound.get("parameters")
