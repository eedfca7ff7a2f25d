"""``rehearse``: the calendar of a recipe that begins at a moment, as a batch on fakes would need people.

Times that people take are those of the scripted people. Units: local time of the site; durations are written with unit.
"""

from collections.abc import Mapping
from datetime import time
from pathlib import Path

import click

from automation.kernel.clock import SystemClock, iso, local
from automation.kernel.files import write_whole
from automation.kernel.quantity import Instant, Seconds, read
from automation.ledger.read import Reader
from automation.surfaces.cli.common import Session, as_json, emit, mark, pair, say_no, session, table
from automation.surfaces.cli.trial import BATCH, Trial, Tried, tried
from automation.surfaces.documents.ical import Entry, ical
from automation.views.planning.plans import plan_of, write_plan
from automation.views.rehearsal import Block, Calendar, Plan, Shift, Wait, rehearsal
from automation.views.story import Story
from automation.views.wording import count, span

_HEADS = ("day", "begins", "takes", "step", "what", "people", "where", "marks", "not before", "not after", "kits")


def _shift(_ctx: click.Context, _option: click.Parameter, text: str) -> Shift:
    begins, _, ends = text.partition("-")
    try:
        return Shift(time.fromisoformat(begins), time.fromisoformat(ends))
    except ValueError:
        raise click.UsageError(f"--hours is {text!r}; write for example 07:00-19:00") from None


def _changes(_ctx: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    return dict(pair(text, what="--set") for text in texts)


@click.command(epilog='Example: cellwright rehearse car-t --start "2026-12-04 08:00 Europe/Berlin" --ics car-t.ics')
@click.argument("recipe")
@click.option("--start", required=True, metavar="TIME", help="Date, time and zone; else the site's zone.")
@click.option("--site", default="a", show_default=True, metavar="DIR|NAME", help="A simulated site, or a packaged one.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another chance.")
@click.option("--set", "changes", multiple=True, callback=_changes, metavar="STEP.PARAMETER=VALUE", help="Try a value.")
@click.option("--hours", "shift", default="07:00-19:00", show_default=True, callback=_shift, help="Else it is night.")
@click.option("--apart", default="30 min", show_default=True, help="A longer gap parts the work of a step.")
@click.option(
    "--plan", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan for the board to this file."
)
@click.option("--ics", type=click.Path(path_type=Path, dir_okay=False), help="Write the calendar to this file too.")
@as_json
@session
def rehearse(  # noqa: PLR0913  as options
    session: Session,
    /,
    recipe: str,
    *,
    shift: Shift,
    apart: str,
    plan: Path | None,
    ics: Path | None,
    as_json: bool,
    site: str,
    **wished: object,
) -> None:
    """Print when people are needed for a recipe that begins at a moment."""
    gap = Seconds(read(apart, Seconds, what="--apart"))
    trial = Trial(recipe=recipe, site=site, reason="rehearsal", **wished)  # type: ignore[arg-type]  # click has typed them
    with tried(session.opener, trial) as ran, Reader(ran.folder) as reader:
        story = Story(reader, BATCH)
        drawn = rehearsal(story, Plan(ran.recipe, shift, ran.file.terminals, gap))
        if plan is not None:
            write_plan(plan_of(story, ran.recipe, drawn), plan)
        sizes = {} if ics is None else {str(ics): write_whole(ics, _file(drawn, ran))}
        if as_json:
            emit(_data(drawn, ran))
        else:
            mark(ran.file.name, simulated=True)
            click.echo(_page(drawn, ran))
            for name, size in sizes.items():
                click.echo(f"\n{name}: {count(len(drawn.blocks), 'entry', many='entries')}, {size} bytes")
        if ran.left.state != "complete":
            say_no()


def _page(drawn: Calendar, ran: Tried) -> str:
    header, zone = ran.recipe.header, drawn.zone
    hands = sum(float(block.takes) for block in drawn.blocks)
    first = (
        f"{header.id} version {header.version}: {_clock(drawn.begin, zone)} to {_clock(drawn.end, zone)} ({zone}), "
        f"{span(float(drawn.end - drawn.begin))}, of it {span(hands)} hands-on; ended {ran.left.state}"
    )
    rows = [_row(one, zone) for one in drawn.lines()]
    limits = [
        (one.name, one.step, _clock(one.ended, zone), _clock(one.due, zone), _spare(one.due, one.ended))
        for one in drawn.limits
    ]
    odd = sum(bool(block.marks) for block in drawn.blocks)
    parts = [
        first,
        table(_HEADS, rows),
        f"{odd} of {count(len(drawn.blocks), 'block')} at night or on a weekend (Saturday, Sunday; no holidays)",
    ]
    if limits:
        parts += ["", table(("time limit", "ends in", "planned", "due", "to spare"), limits)]
    parts.append("Due and expiry dates were moved with the start; what is ready, `cellwright check` says.")
    return "\n".join(parts)


def _row(one: Block | Wait, zone: str) -> tuple[str, ...]:
    begin = local(one.begin, zone=zone)
    begins = (f"{begin:%a %Y-%m-%d}", f"{begin:%H:%M}", span(float(one.takes)), one.step or "-")
    if isinstance(one, Wait):
        return (*begins, f"(waits: {one.state})", *([""] * 6))
    return (
        *begins,
        one.title,
        ", ".join(one.people),
        ", ".join(one.rooms),
        ", ".join(one.marks),
        _clock(one.earliest, zone),
        _clock(one.latest, zone),
        "; ".join(one.kits),
    )


def _clock(at: Instant | None, zone: str) -> str:
    return "" if at is None else f"{local(at, zone=zone):%a %Y-%m-%d %H:%M}"


def _spare(due: Instant | None, ended: Instant) -> str:
    return "" if due is None else span(float(due - ended)) if due >= ended else f"LATE by {span(float(ended - due))}"


def _data(drawn: Calendar, ran: Tried) -> Mapping[str, object]:
    zone = drawn.zone

    def at(moment: Instant | None) -> str | None:
        return None if moment is None else iso(moment, zone=zone)

    lines = [
        {
            "kind": "wait" if isinstance(one, Wait) else "work",
            "step": one.step,
            "begin": at(one.begin),
            "end": at(one.end),
            "takes_s": round(float(one.takes), 3),
            **({"state": one.state} if isinstance(one, Wait) else _work(one)),
        }
        | ({} if isinstance(one, Wait) else {"not_before": at(one.earliest), "not_after": at(one.latest)})
        for one in drawn.lines()
    ]
    limits = [
        {"name": one.name, "step": one.step, "started": at(one.started), "ended": at(one.ended), "due": at(one.due)}
        for one in drawn.limits
    ]
    return {
        "simulated": True,
        "recipe": ran.recipe.header.id,
        "version": ran.recipe.header.version,
        "zone": zone,
        "begin": at(drawn.begin),
        "end": at(drawn.end),
        "state": ran.left.state,
        "lines": lines,
        "limits": limits,
    }


def _work(one: Block) -> dict[str, object]:
    return {
        "title": one.title,
        "people": one.people,
        "rooms": one.rooms,
        "kits": one.kits,
        "marks": one.marks,
        "tasks": one.tasks,
    }


def _file(drawn: Calendar, ran: Tried) -> bytes:
    header = ran.recipe.header
    entries = [
        Entry(
            key=f"{ran.recipe.digest} {drawn.begin} {number} {block.step}",
            title=f"{header.id}: {block.title}",
            begin=block.begin,
            end=block.end,
            place=", ".join(block.rooms),
            text="\n".join(_words(block, drawn.zone)),
            categories=tuple(word.upper() for word in block.marks),
        )
        for number, block in enumerate(drawn.blocks, 1)
    ]
    return ical(entries, name=f"SIMULATED rehearsal of {header.id} {header.version}", made=SystemClock().now())


def _words(block: Block, zone: str) -> list[str]:
    """Say in an entry what the table says in its columns."""
    said = {
        "People": ", ".join(block.people),
        "Kits": "; ".join(block.kits),
        "Not before": _clock(block.earliest, zone),
        "Not after": _clock(block.latest, zone),
    }
    return ["SIMULATED rehearsal", *(f"{name}: {text}" for name, text in said.items() if text), *block.tasks]


COMMANDS = {"rehearse": rehearse}
