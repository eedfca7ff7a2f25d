"""``trace``: the way of a thing forward and back, and what its events name and what names it; each row by its event."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from automation.gmp.materials.lots import MaterialLot
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, note, session, shortened, site, table
from automation.views.neighbours import MOST, Line, Neighbours
from automation.views.objects import Objects
from automation.views.reach import Origin, Reached, origins, reached
from automation.views.ways import Step, back, forward, whole


@click.command(epilog="Example: cellwright trace BAG-0001 --site ./site-a --depth 2")
@click.argument("name", metavar="ID")
@click.option("--depth", type=click.IntRange(1, 4), default=1, show_default=True, help="How many steps around.")
@click.option("--most", type=click.IntRange(0), default=MOST, show_default=True, help="Latest events around; 0: all.")
@site
@as_json
@session
def trace(  # noqa: PLR0913  a command has the options that it has
    session: Session, name: str, folder: Path, *, depth: int, most: int, as_json: bool
) -> None:
    """Show an id's way, forward and back, and what lies around it.

    An order leads to its doses and infusions, a lot to every patient, an asset or its calibration to every batch since
    it was last good; and each of them back to where it came from. Around it: what it touched and what touched it.
    """
    with looked(session, folder) as (file, objects):
        if not objects.kept_to:
            note(f"nothing is kept beside this ledger: all {objects.last.seq:,} events are read")
        around = Neighbours(objects, most)
        start = around.start(name)
        what = whole(objects, start)
        ahead, before = forward(objects, what), back(objects, what)
        lines = list(around.around(start, depth))
        recall = _Recall(objects, what, before)
    last = objects.last
    if as_json:
        state = {"as_of": last.seq, "head": last.hash.hex(), "kept_to": objects.kept_to}
        ways = {"forward": ahead, "back": before, "items": lines, "passed_over": around.passed_over}
        emit({"simulated": file.simulated, "id": name, "object": start, **state, **ways, **recall.data})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(f"{start}\nas of event {last.seq} ({last.hash.hex()[:16]})")
    for title, steps in (("forward", ahead), ("back", before)):
        if steps:
            click.echo(f"\n{title}\n{_steps(steps)}")
    for sentence in recall.sentences:
        click.echo(sentence)
    click.echo(f"\naround it\n{_lines(lines)}")
    if around.passed_over:
        click.echo(f"{around.passed_over} earlier events were not looked at; see them with --most 0")


class _Recall:
    """What a recall asks first of a lot, whom it reached, and of a batch, of what it was made."""

    def __init__(self, objects: Objects, start: str, before: Sequence[Step]) -> None:
        kind, _, name = start.partition("/")
        thing = objects.find(kind, name) if kind == "lot" else None
        lots = [one.what.partition("/")[2] for one in before if one.relation == "made with"]
        self.reaches = list(reached(objects, thing)) if isinstance(thing, MaterialLot) else []
        self.origins = list(origins(objects, name, lots)) if kind == "batch" else []

    @property
    def data(self) -> dict[str, object]:
        """Give what there is to say as data."""
        return {"reaches": self.reaches} if self.reaches else {"materials": self.origins} if self.origins else {}

    @property
    def sentences(self) -> tuple[str, ...]:
        """Give what there is to say, a sentence each."""
        return (*map(_reach, self.reaches), *map(_origin, self.origins))


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


def _steps(steps: Iterable[Step]) -> str:
    rows = (
        (f"{'  ' * (s.level - 1)}{s.relation}", s.what, s.state, s.event, s.move, s.at[:19], s.by, s.about)
        for s in steps
    )
    return table(("", "what", "is", "event", "by this", "at", "by", "about"), rows)


def _lines(lines: Iterable[Line]) -> str:
    rows = (
        (f"{'  ' * (s.depth - 1)}{s.way}", s.what, s.events, s.first, s.last, s.since, shortened(s.moves, 60))
        for s in lines
    )
    return table(("", "what", "events", "first", "last", "since", "by these"), rows)


COMMANDS = {"trace": trace}
