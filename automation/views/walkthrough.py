"""A guided walk for an inspector: chapters of tables that are only read, each row with the events that it comes from.

The order is that in which a site is walked through: plant, people, materials, one batch from order to infusion, what
went wrong, the environment, the computer system. Nothing is judged here and nothing can be changed from it.
Units:  as stated in each head; moments in the site's zone.
Source: 21 CFR 211.180(c), 11.10(b); EU GMP chapter 4, 4.12; Annex 11 draft 12.9; EMA/PIC/S PI 041 (audit trail review).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from automation.engine.sitefile import roles_of
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.materials.suppliers import Supplier
from automation.gmp.people.persons import Person
from automation.gmp.plant.assets import Asset
from automation.gmp.plant.rooms import Room
from automation.gmp.quality.capa import Capa
from automation.gmp.quality.changes import Change
from automation.gmp.quality.deviations import Deviation
from automation.kernel.clock import MICRO, instant, iso
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from automation.ledger.blobs import Blobs
from automation.ledger.event import OWN_STREAM
from automation.views.access import register
from automation.views.audit_trail import audit_trail
from automation.views.batch_record import batch_record
from automation.views.dossier import of_lot
from automation.views.objects import Objects
from automation.views.qualifications import matrix
from automation.views.questions.rows import Row
from automation.views.questions.tables import Tables
from automation.views.record import Entry, Finding
from automation.views.wording import show, stamp

REFUSED = "refusals/"
_SITE, _CONFIGURATION = "site", "configuration"  # stream, and what stands there
_MOMENTS = frozenset({"at", "begun", "ended"})  # fields of questions that are UTC
_LATEST = 60  # refusals that are shown, the latest first
_OF_A_BATCH = (
    "order",
    "collection",
    "handover",
    "container",
    "batch",
    "test",
    "deviation",
    "release",
    "shipment",
    "infusion",
)


class Chapter(StrEnum):
    """What an inspector walks through."""

    PLANT = "plant"
    PEOPLE = "people"
    MATERIALS = "materials"
    BATCH = "batch"
    DEVIATIONS = "deviations"
    ENVIRONMENT = "environment"
    SYSTEM = "system"


TITLES: Mapping[Chapter, str] = {
    Chapter.PLANT: "Site and plant",
    Chapter.PEOPLE: "People and training",
    Chapter.MATERIALS: "Materials and suppliers",
    Chapter.BATCH: "One batch, from order to infusion",
    Chapter.DEVIATIONS: "Deviations, CAPA and changes",
    Chapter.ENVIRONMENT: "Environmental monitoring and media fills",
    Chapter.SYSTEM: "Computer system and audit trail",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table, and the events that show it."""

    cells: tuple[str, ...]
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One table with its heads; ``note`` says what is in it, or why nothing is."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """One look at a site, and which batch is followed."""

    objects: Objects
    batch: str
    blobs: Blobs


def latest_batch(objects: Objects) -> str:
    """Give the batch that ended last, else the one issued last; empty when there is none."""
    rows = Tables(objects)["batches"].rows
    ended = [row for row in rows if row.text("ended")]
    last = max(ended, key=lambda row: row.text("ended"), default=rows[-1] if rows else None)
    return last.text("batch") if last is not None else ""


def sections(chapter: Chapter, walk: Walk) -> tuple[Section, ...]:
    """Give the tables of a chapter; raises InputError for a batch that is not known."""
    return tuple(_CHAPTERS[chapter](walk))


def _plant(walk: Walk) -> Iterator[Section]:
    objects = walk.objects
    rooms = (cast("Room", one) for one in objects.every("room"))
    yield Section(
        "Rooms",
        ("room", "name", "grade", "state", "cleaned"),
        tuple(
            _line(objects, f"room/{one.id}", *_layout(one), one.state, _day(objects, one.cleaned_at)) for one in rooms
        ),
    )
    assets = (cast("Asset", one) for one in objects.every("asset"))
    yield Section(
        "Equipment",
        ("asset", "class", "device", "serial", "driver", "state", "qualified until", "calibrated until"),
        tuple(_asset(objects, one) for one in assets),
    )
    for kind, title in (("calibration", "Calibrations"), ("maintenance", "Maintenance"), ("fault", "Faults")):
        yield _states(objects, kind, title=title)


def _layout(room: Room) -> tuple[str, str]:
    return (room.layout.name, str(room.layout.grade)) if room.layout else ("", "")


def _asset(objects: Objects, one: Asset) -> Line:
    device = f"{one.maker} {one.model}".strip()
    until = (_until(objects, one.qualification_due), _until(objects, one.calibration_due))
    driver = f"{one.driver} ({one.kind}, {one.support})" if one.driver else str(one.kind)
    return _line(objects, f"asset/{one.id}", one.asset_class, device, one.serial, driver, one.state, *until)


def _people(walk: Walk) -> Iterator[Section]:
    objects = walk.objects
    yield Section(
        "Who has which rights",
        ("account", "name", "roles", "since", "given by", "until", "reason", "trained on"),
        tuple(
            _line(
                objects,
                f"person/{one.person}",
                one.name,
                ", ".join(one.roles),
                one.since,
                one.by,
                one.until,
                one.reason,
                _trained(objects, one.person),
            )
            for one in register(objects)
        ),
        "Names of people who sign are never masked.",
    )
    yield Section(
        "Who is qualified by which curriculum",
        ("account", "curriculum", "operations", "qualified", "training", "until", "what is missing"),
        tuple(
            Line(
                (
                    one.person,
                    one.curriculum,
                    ", ".join(one.operations),
                    *_yes(one.qualified),
                    one.training,
                    one.until,
                    one.missing,
                ),
                _seqs(objects, f"training/{one.curriculum}.{one.person}", f"curriculum/{one.curriculum}"),
            )
            for one in matrix(objects)
        ),
    )


def _trained(objects: Objects, person: str) -> str:
    return ", ".join(sorted(cast("Person", objects.find("person", person)).trained))


def _materials(walk: Walk) -> Iterator[Section]:
    objects = walk.objects
    lots = (cast("MaterialLot", one) for one in objects.every("lot"))
    yield Section(
        "Lots",
        ("lot", "what", "supplier", "state", "received", "left", "expiry", "released by", "used in"),
        tuple(_lot(objects, one) for one in lots),
    )
    suppliers = (cast("Supplier", one) for one in objects.every("supplier"))
    yield Section(
        "Suppliers",
        ("supplier", "state", "materials", "qualified until"),
        tuple(
            _line(objects, f"supplier/{one.id}", one.state, ", ".join(one.materials), _until(objects, one.until))
            for one in suppliers
        ),
    )


def _lot(objects: Objects, one: MaterialLot) -> Line:
    amounts = (f"{show(one.quantity)} {one.unit}", f"{show(one.left)} {one.unit}")
    used = ", ".join(dict.fromkeys(batch for batch, _ in one.used_in))
    return _line(
        objects, f"lot/{one.id}", one.what, one.supplier, one.state, *amounts, one.expiry, one.released_by, used
    )


def _batch(walk: Walk) -> Iterator[Section]:
    if not walk.batch:
        yield Section("Batches", ("batch",), (), "No batch was ever issued here.")
        return
    objects, tables = walk.objects, Tables(walk.objects)
    yield _exceptions(walk)
    streams = sorted(of_lot(objects, walk.batch), key=_place)
    told = [entry for stream in streams if _place(stream) < len(_OF_A_BATCH) for entry in objects.streams[stream]]
    yield Section(
        f"The way of {walk.batch}",
        ("when", "object", "move", "by", "said"),
        tuple(
            Line((one.at, one.stream, one.kind, one.by, one.said), (one.seq,))
            for one in audit_trail(sorted(told, key=lambda event: event.seq), zone=objects.zone)
        ),
        "Every move of the order, collection, custody, containers, batch, tests, release, shipment and infusion.",
    )
    yield _rows(
        tables,
        "steps",
        title="Steps",
        fields=("step", "operation", "state", "begun", "ended", "hours"),
        batch=walk.batch,
    )
    results = ("step", "name", "kind", "value", "unit", "band", "at")
    yield _rows(tables, "results", title="Results and yields", fields=results, batch=walk.batch)
    yield _rows(
        tables,
        "materials",
        title="Materials used",
        fields=("step", "material", "lot", "quantity", "unit"),
        batch=walk.batch,
    )
    yield _rows(tables, "assets", title="Equipment used", fields=("step", "role", "asset", "model"), batch=walk.batch)


def _exceptions(walk: Walk) -> Section:
    """Give what the batch record finds by its rules, with what it says of the batch."""
    made = batch_record(walk.objects.reader, walk.blobs, walk.batch)
    number = sum(one.times for one in made.findings)
    names = {rule.id: rule.name for rule in made.rules}
    return Section(
        f"Exceptions of {walk.batch}",
        ("when", "rule", "step", "what", "how it ended", "open", "times"),
        tuple(Line(_found(one, names[one.rule]), one.events) for one in made.findings),
        f"{made.verdict} {made.checked} Exceptions in all: {number}.",
    )


def _found(one: Finding, rule: str) -> tuple[str, ...]:
    return (one.at, f"{one.rule} {rule}", one.step, one.what, one.outcome, *_yes(one.is_open), str(one.times))


def _place(stream: str) -> int:
    kind = stream.partition("/")[0]
    return _OF_A_BATCH.index(kind) if kind in _OF_A_BATCH else len(_OF_A_BATCH)


def _deviations(walk: Walk) -> Iterator[Section]:
    objects = walk.objects
    found = (cast("Deviation", one) for one in objects.every("deviation"))
    yield Section(
        "Deviations",
        ("deviation", "opened", "about", "what happened", "state", "root cause", "impact", "cause code", "CAPA"),
        tuple(_deviation(objects, one) for one in found),
    )
    capas = (cast("Capa", one) for one in objects.every("capa"))
    yield Section(
        "CAPA",
        ("CAPA", "from", "action", "owner", "due", "state", "checks of the effect"),
        tuple(_capa(objects, one) for one in capas),
    )
    changes = (cast("Change", one) for one in objects.every("change"))
    yield Section(
        "Changes",
        ("change", "title", "why", "state"),
        tuple(_line(objects, f"change/{one.id}", *_proposal(one), one.state) for one in changes),
    )
    for kind, title in (("nonconformance", "Non-conformances"), ("complaint", "Complaints"), ("recall", "Recalls")):
        yield _states(objects, kind, title=title)


def _proposal(one: Change) -> tuple[str, str]:
    return (one.proposal.title, one.proposal.reason) if one.proposal else ("", "")


def _deviation(objects: Objects, one: Deviation) -> Line:
    about = (one.opening.subject, one.opening.title) if one.opening else ("", "")
    ended = one.conclusion
    said = (ended.cause, ended.impact, one.code, ", ".join(ended.capa)) if ended else ("", "", "", "")
    return _line(objects, f"deviation/{one.id}", _day(objects, one.opened_at), *about, one.state, *said)


def _capa(objects: Objects, one: Capa) -> Line:
    plan = one.plan
    told = (plan.source, plan.action, plan.owner, plan.due) if plan else ("", "", "", "")
    return _line(objects, f"capa/{one.id}", *told, one.state, "; ".join(each.result for each in one.findings))


def _environment(walk: Walk) -> Iterator[Section]:
    tables = Tables(walk.objects)
    sampled = ("at", "room", "grade", "point", "method", "sample", "value", "unit", "verdict")
    yield _rows(tables, "environment", title="Samples of rooms", fields=sampled)
    filled = ("fill", "process", "purpose", "room", "state", "incubated", "grown", "at")
    yield _rows(tables, "media-fills", title="Media fills", fields=filled)
    yield _states(walk.objects, "em-sample", title="Plates and samples in the incubator")


def _system(walk: Walk) -> Iterator[Section]:
    objects = walk.objects
    genesis = objects.reader.genesis
    heads = objects.reader.heads()
    facts = {
        "site": genesis.site,
        "ledger": genesis.ledger,
        "mode": str(genesis.mode),
        "time zone": genesis.zone,
        "program at the beginning": genesis.release,
        "last event": f"{objects.last.seq}, {objects.last.hash.hex()}",
        "last signed head": f"event {heads[-1].said.seq}" if heads else "none yet",
    }
    events = [event for stream in (OWN_STREAM, _SITE) for event in objects.streams.get(stream, [])]
    own = audit_trail(sorted(events, key=lambda event: event.seq), zone=objects.zone)
    in_force = [event for event in events if event.kind == _CONFIGURATION][-1:]
    roles = [(role, rights, one.seq) for one in in_force for role, rights in roles_of(str(one.fields["text"])).items()]
    yield Section("The record", ("what", "is"), tuple(Line(pair, (1, objects.last.seq)) for pair in facts.items()))
    yield Section(
        "Roles and their rights",
        ("role", "rights"),
        tuple(Line((role, ", ".join(sorted(map(str, rights)))), (seq,)) for role, rights, seq in roles),
        "From the site's file that came into force last; each is an event below.",
    )
    kept = tuple(_own(one) for one in own if one.kind != "genesis")
    yield Section("What the program recorded about itself", ("when", "what", "by", "said"), kept)
    yield _refusals(objects)
    yield _states(objects, "backup", title="Backups, and whether they could be restored")
    yield _states(objects, "inspection", title="Inspections")


def _own(one: Entry) -> Line:
    """Tell one event of the program; of a configuration only that it came, because it is the whole file."""
    said = "the site's file came into force" if one.kind == _CONFIGURATION else one.said
    return Line((one.at, one.kind, one.by, said), (one.seq,))


def _refusals(objects: Objects) -> Section:
    """Give the latest commands that were refused, of all streams."""
    refused = [event for stream, events in objects.streams.items() if stream.startswith(REFUSED) for event in events]
    latest = sorted(refused, key=lambda event: -event.seq)[:_LATEST]
    lines = tuple(
        Line((one.at, one.stream.removeprefix(REFUSED), one.by, one.said), (one.seq,))
        for one in audit_trail(latest, zone=objects.zone)
    )
    note = (
        f"{len(refused)} commands were refused in all; the latest {_LATEST} stand here."
        if len(refused) > _LATEST
        else ""
    )
    return Section("What was refused", ("when", "what", "to whom", "why"), lines, note)


def _states(objects: Objects, kind: str, *, title: str) -> Section:
    """Give every object of a kind with its state and last move."""
    lines = []
    for one in objects.every(kind):
        entries = audit_trail(objects.streams[f"{kind}/{one.id}"], zone=objects.zone)
        last = entries[-1]
        seqs = tuple(entry.seq for entry in entries)
        lines.append(Line((one.id, str(one.state), last.kind, last.by, last.at, entries[0].said), seqs))
    return Section(title, (kind, "state", "last move", "by", "when", "how it began"), tuple(lines))


def _rows(tables: Tables, name: str, *, title: str, fields: Sequence[str], batch: str = "") -> Section:
    rows: Iterable[Row] = tables[name].rows
    some = (row for row in rows if not batch or row.text("batch") == batch)
    zone = tables.objects.zone
    lines = tuple(Line(tuple(_told(row, field, zone=zone) for field in fields), row.events) for row in some)
    return Section(title, tuple(fields), lines)


def _told(row: Row, field: str, *, zone: str) -> str:
    """Write a field as it stands, zero too; moments in the site's zone, as everywhere on the pages."""
    value = row.values.get(field)
    if field in _MOMENTS and isinstance(value, str) and value:
        return stamp(instant(value), zone=zone)
    return show(value)


def _line(objects: Objects, stream: str, *cells: object) -> Line:
    return Line((stream.partition("/")[2], *map(str, cells)), _seqs(objects, stream))


def _seqs(objects: Objects, *streams: str) -> tuple[int, ...]:
    return tuple(event.seq for stream in streams for event in objects.streams.get(stream, []))


def _day(objects: Objects, at: Instant | None) -> str:
    return iso(at, zone=objects.zone)[:10] if at is not None and at > Instant(0.0) else ""


def _until(objects: Objects, at: Instant | None) -> str:
    """Give the last day on which something holds; what ends as a day begins holds to the day before."""
    return _day(objects, Instant(float(at) - 1 / MICRO)) if at is not None else ""


def _yes(said: bool) -> tuple[str]:  # noqa: FBT001  the question that was asked
    return ("yes" if said else "no",)


_CHAPTERS: Mapping[Chapter, Callable[[Walk], Iterator[Section]]] = {
    Chapter.PLANT: _plant,
    Chapter.PEOPLE: _people,
    Chapter.MATERIALS: _materials,
    Chapter.BATCH: _batch,
    Chapter.DEVIATIONS: _deviations,
    Chapter.ENVIRONMENT: _environment,
    Chapter.SYSTEM: _system,
}


def chapters_of(names: Sequence[str]) -> tuple[Chapter, ...]:
    """Give the chapters of these names in the order of the walk, all when none is named; raises InputError."""
    wrong = [name for name in names if name not in set(Chapter)]
    if wrong:
        raise InputError(f"there is no chapter {wrong[0]!r}; there are {', '.join(Chapter)}")
    return tuple(one for one in Chapter if not names or one in names)
