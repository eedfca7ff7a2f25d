"""``board``: every order and batch by how much time it has to spare, and what a delay or a loss would come to.

Units: local time of the site; durations are written with unit.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from automation.kernel.clock import iso, local
from automation.kernel.files import write_whole
from automation.kernel.quantity import Instant, Seconds, read
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, pair, session, site, table
from automation.surfaces.cli.doubt import now_of
from automation.surfaces.documents.ical import Entry, ical
from automation.views.planning.board import Board, Line, Wish, board
from automation.views.planning.clashes import Clash
from automation.views.planning.network import Timed
from automation.views.planning.plans import LONGEST, read_plans
from automation.views.planning.replan import Moved, Replan, replan
from automation.views.wording import span

_HEADS = ("id", "batch", "next", "until", "ready", "needed by", "to spare", "decided by")
_STEPS = ("milestone", "begins", "ends", "to spare", "is")
_FILE = click.Path(path_type=Path, dir_okay=False)
_DAYS = 72  # h
_WHOLE = re.compile(r"^([\d.]+)([a-z]+)$")  # 6h for 6 h


def _late(_ctx: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> dict[str, Seconds]:
    found = {}
    for name, value in (pair(text, what="--delay") for text in texts):
        found[name] = Seconds(read(_WHOLE.sub(r"\1 \2", value), Seconds, what=f"--delay {name}"))
        if not Seconds(0.0) < found[name] <= Seconds(LONGEST):
            raise click.UsageError(f"--delay {name} is {value!r}; a time above 0, of a year at most, is needed")
    return found


@click.command("board", epilog="Example: cellwright board --plan freeze-day.json --delay ORD-2=6h --site ./site-a")
@click.argument("names", nargs=-1, metavar="[ORDER|BATCH]...")
@click.option("--plan", "plans", multiple=True, type=_FILE, help="Plan of a recipe, as rehearse --plan writes it.")
@click.option("--to-patient", default="48 h", show_default=True, help="From the last step and test to the patient.")
@click.option("--delay", "delays", multiple=True, callback=_late, metavar="ID[/STEP]=TIME", help="What if it is late.")
@click.option("--without", multiple=True, metavar="ASSET|SUITE", help="What if it is lost.")
@click.option("--ics", type=_FILE, help="Write the milestones to this calendar file too.")
@site
@as_json
@session
def drawn(  # noqa: PLR0913  as options
    session: Session,
    /,
    names: tuple[str, ...],
    folder: Path,
    *,
    plans: tuple[Path, ...],
    to_patient: str,
    delays: Mapping[str, Seconds],
    without: tuple[str, ...],
    ics: Path | None,
    as_json: bool,
) -> None:
    """Show every order and batch, the most urgent first, and what a delay or a loss would come to."""
    after = Seconds(read(to_patient, Seconds, what="--to-patient"))
    if not Seconds(0.0) <= after <= Seconds(LONGEST):
        raise click.UsageError(f"--to-patient is {to_patient!r}; 0 h to a year is allowed")
    given = Wish(plans=read_plans(plans), to_patient=after)
    wish = Wish(plans=given.plans, to_patient=given.to_patient, delays=delays, without=frozenset(without))
    with looked(session, folder) as (file, objects):
        now = now_of(file, objects)
        made = board(objects, now, wish)
        wanted = [made.line(name) for name in names]
        asked = bool(delays or without)
        change = replan(objects, before=board(objects, now, given), after=made, wish=wish) if asked else None
    if ics is not None:
        write_whole(ics, _calendar(made, simulated=file.simulated))
    if as_json:
        emit({"simulated": file.simulated, **_data(made, change, zone=file.zone)})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(table(_HEADS, (_row(one, file.zone) for one in made.lines)))
    for line in wanted:
        click.echo(f"\n{line.ahead.id}\n{table(_STEPS, (_step(one, file.zone) for one in line.times))}")
    for text in (*_said_of(made, file.zone), *(_change(change, file.zone) if change else ())):
        click.echo(text)


def _row(line: Line, zone: str) -> tuple[str, ...]:
    ahead, soon = line.ahead, line.next
    return (
        ahead.id,
        ahead.batch.id if ahead.batch else "-",
        soon.activity.title if soon else "-",
        _clock(soon.end if soon else None, zone),
        _clock(line.ready, zone),
        _clock(ahead.needed_by, zone),
        _spare(line.slack),
        " > ".join(one.activity.name for one in line.critical),
    )


def _step(one: Timed, zone: str) -> tuple[str, ...]:
    state = "over" if one.over else "under way" if one.activity.begun is not None else "to come"
    said = f"{state}, critical" if one.critical and not one.over else state
    spare = "" if one.over else _spare(one.slack)
    return one.activity.title, _clock(one.begin, zone), _clock(one.end, zone), spare, said


def _said_of(made: Board, zone: str) -> Iterator[str]:
    for one in made.clashes:
        yield _clash(one, zone)
    for line in made.lines:
        for note in line.ahead.notes:
            yield f"note: {line.ahead.id}: {note}"


def _clash(one: Clash, zone: str) -> str:
    at = f"{_clock(one.begin, zone)} to {_clock(one.end, zone)}"
    return f"clash: {one.what}: {one.needed} needed, {one.there} there, {at}: {', '.join(one.whose)}"


def _change(change: Replan, zone: str) -> Iterator[str]:
    yield ""
    for one in change.moved:
        yield _moved(one, zone)
    yield from (f"new {_clash(one, zone)}" for one in change.clashes)
    yield from (f"free: {text}" for text in change.free)
    if not (change.moved or change.clashes):
        yield "nothing is ready later, and nothing more clashes"
    yield "Nothing was changed."


def _moved(one: Moved, zone: str) -> str:
    late = f", LATE by {_time(-float(one.line.slack))}" if one.line.late and one.line.slack is not None else ""
    ready = f"ready {_clock(one.line.ready, zone)}, was {_clock(one.was, zone)}{late}" if one.later else "clashes"
    return f"{one.line.ahead.id}: {ready}; tell {', '.join(one.tell) or 'nobody'}"


def _clock(at: Instant | None, zone: str) -> str:
    return "-" if at is None else f"{local(at, zone=zone):%Y-%m-%d %H:%M}"


def _spare(slack: Seconds | None) -> str:
    if slack is None:
        return "-"
    return f"LATE by {_time(-float(slack))}" if slack < Seconds(0.0) else _time(float(slack))


def _time(seconds: float) -> str:
    hours = int(seconds // 3600)
    return f"{hours // 24} d {hours % 24} h" if hours >= _DAYS else span(seconds)


def _data(made: Board, change: Replan | None, *, zone: str) -> dict[str, object]:
    told: dict[str, object] = {"now": iso(made.now, zone=zone), "lines": [_line(one, zone) for one in made.lines]}
    told["clashes"] = [_as_data(one, zone) for one in made.clashes]
    if change is not None:
        told["what_if"] = {
            "moved": [
                {
                    "id": one.line.ahead.id,
                    "was": iso(one.was, zone=zone),
                    "ready": None if one.line.ready is None else iso(one.line.ready, zone=zone),
                    "late": one.line.late,
                    "tell": one.tell,
                }
                for one in change.moved
            ],
            "clashes": [_as_data(one, zone) for one in change.clashes],
            "free": change.free,
        }
    return told


def _as_data(one: Clash, zone: str) -> dict[str, object]:
    times = {"begin": iso(one.begin, zone=zone), "end": iso(one.end, zone=zone)}
    return {"what": one.what, "needed": one.needed, "there": one.there, "whose": one.whose, **times}


def _line(line: Line, zone: str) -> dict[str, object]:
    def at(moment: Instant | None) -> str | None:
        return None if moment is None else iso(moment, zone=zone)

    milestones = [
        {
            "name": one.activity.name,
            "title": one.activity.title,
            "begin": at(one.begin),
            "end": at(one.end),
            "slack_s": one.slack,
            "critical": one.critical,
            "over": one.over,
        }
        for one in line.times
    ]
    return {
        "id": line.ahead.id,
        "batch": line.ahead.batch.id if line.ahead.batch else "",
        "needed_by": at(line.ahead.needed_by),
        "ready": at(line.ready),
        "slack_s": line.slack,
        "late": line.late,
        "critical": [one.activity.name for one in line.critical],
        "milestones": milestones,
        "notes": line.ahead.notes,
    }


def _calendar(made: Board, *, simulated: bool) -> bytes:
    """Write what is still to come; entries keep their identity when they move."""
    entries = [
        Entry(
            key=f"{line.ahead.id} {one.activity.name}",
            title=f"{line.ahead.id}: {one.activity.title}",
            begin=one.begin,
            end=one.end,
        )
        for line in made.lines
        for one in line.times
        if not one.over
    ]
    return ical(entries, name=f"{'SIMULATED ' if simulated else ''}board", made=made.now)


COMMANDS = {"board": drawn}
