"""Facts for who improves: waste of every sort that records can show, and the scores of 5S audits.

The sorts are the eight of lean production. Each row is one recorded occurrence with its events; what records can't show
is said beside (``UNRECORDED``), not estimated.
Units:  ``amount`` is h for waiting, the unit of the lot for stock, else a count of 1.
Source: Ohno, Toyota Production System (seven wastes), with talent that is not used as the eighth; Hirano (5S).
"""

import itertools
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Protocol

from automation.gmp.materials.lots import MaterialLot
from automation.gmp.quality import five_s
from automation.gmp.stock.expiry import end_of
from automation.ledger.event import Event
from automation.views.objects import Objects
from automation.views.questions import of_times
from automation.views.questions.of_batches import given
from automation.views.questions.rows import Row, Rows, Value, moment, value_of
from automation.views.wording import is_person

WASTES = ("waste", "what", "batch", "amount", "unit", "at")
FIVE_S = ("area", "audit", "auditor", "criterion", "score", "evidence", "at")
_ONE = "of 1"


class Waste(StrEnum):
    """The eight."""

    DEFECTS = "defects"
    OVERPRODUCTION = "overproduction"
    WAITING = "waiting"
    TALENT = "talent"
    TRANSPORT = "transport"
    INVENTORY = "inventory"
    MOTION = "motion"
    PROCESSING = "extra processing"


UNRECORDED = {
    Waste.TALENT: "what people could do and nobody asks them for is in no record; their ideas are on the board",
    Waste.TRANSPORT: "how far something was carried is not recorded, only that it was",
    Waste.MOTION: "walking and reaching are not recorded; a change of terminal is, and the time at a question",
    Waste.PROCESSING: "work that nobody needs looks like any other in a record; what was done twice is counted",
}
"""What the records of a site can't show of a waste."""


class _Tables(Protocol):
    """What is asked of the tables of a ledger."""

    @property
    def objects(self) -> Objects: ...
    def __getitem__(self, name: str) -> Rows: ...


_WAITS = (
    *(of_times.NOBODY, of_times.EQUIPMENT, of_times.BETWEEN, of_times.REVIEW, of_times.RELEASE),
    *("held", "paused", "in doubt"),
)
_COUNTED = {  # what one recorded move is an occurrence of
    ("deviation", "open"): (Waste.DEFECTS, "deviation"),
    ("nonconformance", "report"): (Waste.DEFECTS, "non-conformance"),
    ("order", "collect_again"): (Waste.DEFECTS, "rework: collected again"),
    ("order", "make_again"): (Waste.DEFECTS, "rework: made again"),
    ("test", "invalidate"): (Waste.DEFECTS, "rework: test invalidated"),
    ("correction", "correct"): (Waste.DEFECTS, "rework: entry corrected"),
    ("label", "reissue"): (Waste.PROCESSING, "label issued again"),
    ("prompt", "mismatch"): (Waste.PROCESSING, "wrong thing scanned"),
    ("prompt", "dispute"): (Waste.PROCESSING, "entry disputed, entered again"),
    ("container", "move"): (Waste.TRANSPORT, "container moved"),
    ("handover", "give"): (Waste.TRANSPORT, "handed over"),
    ("shipment", "dispatch"): (Waste.TRANSPORT, "shipped"),
}


def wastes(tables: _Tables) -> Iterator[Row]:
    """Give one row for each occurrence of a waste, sort by sort."""
    objects = tables.objects
    yield from _moves(objects)
    yield from _out_of_specification(tables)
    yield from _waits(tables)
    yield from _stock(objects)
    yield from _terminals(objects)


def five_s_scores(objects: Objects) -> Iterator[Row]:
    """Give one row for each criterion of each 5S audit of an area."""
    for thing in objects.every(five_s.WORD):
        audits = [event for event in objects.streams[f"{five_s.WORD}/{thing.id}"] if event.kind == "audit"]
        for number, event in enumerate(audits, 1):
            said = five_s.Audit.model_validate(given(event))
            for one in said.scores:
                values: dict[str, Value] = {"area": thing.id, "audit": float(number), "auditor": event.by}
                values |= {"criterion": str(one.criterion), "score": float(one.score), "evidence": one.evidence}
                yield Row({**values, "at": moment(event.at)}, (event.seq,))


def _row(waste: Waste, what: str, shown: Sequence[Event], *, batch: str, amount: float = 1.0, unit: str = _ONE) -> Row:  # noqa: PLR0913  the fields of a row
    values: dict[str, Value] = {"waste": str(waste), "what": what, "batch": batch, "amount": amount, "unit": unit}
    return Row({**values, "at": moment(shown[-1].at)}, tuple(event.seq for event in shown))


def _moves(objects: Objects) -> Iterator[Row]:
    for (kind, command), (waste, what) in _COUNTED.items():
        for thing in objects.every(kind):
            events = objects.streams[f"{kind}/{thing.id}"]
            for event in events:
                if event.kind == command:
                    batch = given(event).get("batch") or given(events[0]).get("batch") or ""
                    yield _row(waste, what, (event,), batch=str(batch))


def _out_of_specification(tables: _Tables) -> Iterator[Row]:
    for row in tables["tests"].rows:
        if row.text("verdict") == "out of specification":
            values = {"waste": str(Waste.DEFECTS), "what": f"{row.text('name')} out of specification"}
            yield Row(
                {**values, "batch": row.text("batch"), "amount": 1.0, "unit": _ONE, "at": row.text("at")}, row.events
            )


def _waits(tables: _Tables) -> Iterator[Row]:
    rows = [row for row in tables["times"].rows if row.text("cause") in _WAITS]
    wanted = {row.events[-1] for row in rows}
    every = (event for events in tables.objects.streams.values() for event in events)
    ends = {event.seq: event for event in every if event.seq in wanted}
    for row in rows:
        values: dict[str, Value] = {"waste": str(Waste.WAITING), "what": row.text("cause"), "unit": "h"}
        values |= {"batch": row.text("batch"), "amount": row.number("hours")}
        yield Row({**values, "at": moment(ends[row.events[-1]].at)}, row.events)


def _stock(objects: Objects) -> Iterator[Row]:
    """Give what expired with a rest, and what was thrown away of what had been prepared here."""
    for thing in objects.every("lot"):
        if not isinstance(thing, MaterialLot) or not thing.expiry:
            continue
        events = objects.streams[f"lot/{thing.id}"]
        prepared = bool(thing.components)
        waste = Waste.OVERPRODUCTION if prepared else Waste.INVENTORY
        if thing.left and thing.expired(objects.now, objects.zone):
            shown = tuple(dict.fromkeys((events[0], events[-1])))
            row = _row(waste, f"{thing.what} expired", shown, batch="", amount=thing.left, unit=thing.unit)
            ended = moment(round(float(end_of(thing.expiry, zone=objects.zone)) * 1_000_000))
            yield Row({**row.values, "at": ended}, row.events)
        for event in events:
            quantity = value_of(given(event).get("quantity")) if event.kind == "destroy" else None
            if isinstance(quantity, float):
                batch = str(given(event).get("batch") or "")
                yield _row(waste, f"{thing.what} destroyed", (event,), batch=batch, amount=quantity, unit=thing.unit)


def _terminals(objects: Objects) -> Iterator[Row]:
    """Give each time that somebody answered a batch at another terminal than before."""
    acts: dict[tuple[str, str], list[Event]] = {}
    for thing in objects.every("prompt"):
        events = objects.streams[f"prompt/{thing.id}"]
        batch = str(given(events[0]).get("batch") or "")
        for event in events[1:]:
            if batch and event.terminal and is_person(event.by):
                acts.setdefault((batch, event.by), []).append(event)
    for (batch, _), events in acts.items():
        ordered = sorted(events, key=lambda event: event.seq)
        for before, after in itertools.pairwise(ordered):
            if before.terminal != after.terminal:
                yield _row(Waste.MOTION, "went to another terminal", (before, after), batch=batch)
