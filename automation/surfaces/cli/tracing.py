"""``trace``: what an id touched and what touched it, from the events that cite it, in both directions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from automation.gmp.materials.lots import MaterialLot
from automation.kernel.clock import MICRO, iso
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from automation.ledger.event import Event
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, session, shortened, site, table
from automation.views.objects import Objects
from automation.views.reach import Origin, Reached, origins, reached

CITES, CITED = "cites", "is cited by"


@dataclass(frozen=True, slots=True)
class Line:
    """One neighbour: which way, what, by which moves, between which events."""

    depth: int
    via: str
    way: str
    what: str
    moves: str
    events: int
    first: int
    last: int
    since: str


@dataclass(frozen=True, slots=True)
class _Arrow:
    """One event of a stream that names something."""

    source: str
    dest: str
    event: Event


@click.command(epilog="Example: cellwright trace BAG-0001 --site ./site-a --depth 2")
@click.argument("name", metavar="ID")
@click.option("--depth", type=click.IntRange(1, 4), default=1, show_default=True, help="How many steps away.")
@site
@as_json
@session
def trace(session: Session, name: str, depth: int, folder: Path, *, as_json: bool) -> None:
    """Show what an id touched and what touched it."""
    with looked(session, folder) as (file, objects):
        arrows = list(_arrows(objects))
        start = _start(name, objects, arrows)
        lines = list(_walk(start, arrows, depth, zone=objects.zone))
        thing = objects.find("lot", name) if start == f"lot/{name}" else None
        reaches = list(reached(objects, thing)) if isinstance(thing, MaterialLot) else []
        came_from = list(origins(objects, name)) if start == f"batch/{name}" else []
    if as_json:
        further = {"reaches": reaches} if reaches else {"materials": came_from} if came_from else {}
        emit({"simulated": file.simulated, "id": name, "object": start, "items": lines, **further})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(start)
    rows = (
        (
            f"{'  ' * (one.depth - 1)}{one.way}",
            one.what,
            one.events,
            one.first,
            one.last,
            one.since,
            shortened(one.moves, 60),
        )
        for one in lines
    )
    click.echo(table(("", "what", "events", "first", "last", "since", "by these"), rows))
    for text in (*map(_reach, reaches), *map(_origin, came_from)):
        click.echo(text)


def _reach(one: Reached) -> str:
    """Say which batch, patient and containers a lot came to."""
    way = " > ".join(one.by_way_of)
    whose = f" for order {one.order}" if one.order else ""
    there = f": {'; '.join(one.containers)}" if one.containers else ""
    return f"reaches batch {one.batch} ({one.state}) of {one.identity or 'nobody'}{whose} through {way}{there}"


def _origin(one: Origin) -> str:
    """Say which lot went into a batch, and through which prepared ones."""
    way = f" through {' < '.join(one.by_way_of)}" if one.by_way_of else ""
    made = f", lot {one.maker_lot} of its maker" if one.maker_lot else ""
    return f"made with {one.what}: lot {one.lot} of {one.supplier or 'this site'}{made}{way}"


def _start(name: str, objects: Objects, arrows: list[_Arrow]) -> str:
    """Give the stream of an id, or the id itself when only events name it; raises InputError for a stranger."""
    named = (stream for stream in objects.streams if stream == name or stream.endswith(f"/{name}"))
    own = [stream for stream in named if not stream.startswith("refusals/")]
    if own:
        return own[0]
    if any(name == arrow.dest for arrow in arrows):
        return name
    raise InputError(f"no event of this site names {name!r}; see: cellwright list container")


def _arrows(objects: Objects) -> Iterator[_Arrow]:
    """Give every naming of an id by an event: the person who acts, and ids in the body."""
    known = {stream.partition("/")[2]: stream for stream in objects.streams if stream.count("/") == 1}
    known |= {stream: stream for stream in objects.streams}
    for stream, events in objects.streams.items():
        if stream.startswith(("ledger", "site", "refusals/")):
            continue
        above = stream.rpartition("/step/")[0]
        for number, event in enumerate(events):
            named = {
                known.get(text, text) for text in (*_texts(event.fields), event.by) if text in known or _is_id(text)
            }
            if above and number == 0:
                named.add(above)
            yield from (_Arrow(stream, other, event) for other in sorted(named - {stream}))


def _is_id(text: str) -> bool:
    """Tell whether a text looks like an identifier of its own: capitals and digits without blanks."""
    plain = text.replace("-", "")
    return 6 <= len(text) <= 24 and plain.isalnum() and plain.isupper() and not plain.isalpha() and not plain.isdigit()


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for name, part in value.items():
                if name not in {"read", "wire"}:
                    yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)


def _walk(start: str, arrows: list[_Arrow], depth: int, *, zone: str) -> Iterator[Line]:
    seen = {start}

    def around(node: str, level: int) -> Iterator[Line]:
        near: dict[tuple[str, str], list[Event]] = {}
        for arrow in arrows:
            if arrow.source == node and arrow.dest not in seen:
                near.setdefault((CITES, arrow.dest), []).append(arrow.event)
            if arrow.dest == node and arrow.source not in seen:
                near.setdefault((CITED, arrow.source), []).append(arrow.event)
        seen.update(other for _, other in near)
        for (way, other), events in sorted(near.items(), key=lambda one: one[1][0].seq):
            moves = ", ".join(dict.fromkeys(event.kind for event in events))
            first, last = events[0], events[-1]
            since = iso(Instant(first.at / MICRO), zone=zone)
            yield Line(level, node, way, other, moves, len(events), first.seq, last.seq, since)
            if level < depth and not other.startswith("person/"):
                yield from around(other, level + 1)

    yield from around(start, 1)


COMMANDS = {"trace": trace}
