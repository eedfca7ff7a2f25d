"""``status`` and ``worklist``: what runs, who is waited for, which limit ends first; reads only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from automation.engine.past import past
from automation.gmp.marks import OPEN
from automation.gmp.people.prompts import Prompt
from automation.gmp.quality.deviations import Deviation
from automation.gmp.quality.timers import Timer
from automation.kernel.clock import iso
from automation.kernel.quantity import Instant
from automation.ledger.lease import owner
from automation.surfaces.cli.alarms import lines_table, look_round
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, by, emit, mark, session, site, table
from automation.surfaces.cli.doubt import lines as in_words
from automation.surfaces.cli.doubt import now_of
from automation.views.alarm_list import Line
from automation.views.doubts import Looking, doubts
from automation.views.objects import Objects
from automation.views.wording import span


@dataclass(frozen=True, slots=True)
class StepLine:
    """How one step of a batch stands."""

    batch: str
    batch_state: str
    step: str
    stage: str
    state: str
    since: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for people."""

    what: str
    id: str
    batch: str
    step: str
    state: str
    text: str
    for_whom: str
    since: str


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that still counts."""

    what: str
    batch: str
    due: str
    left: str


@click.command(epilog="Example: cellwright status --site ./site-a")
@site
@as_json
@session
def status(session: Session, folder: Path, *, as_json: bool) -> None:
    """Show what runs, who is waited for and which limit ends first."""
    with looked(session, folder) as (file, objects):
        found = look_round(file, objects, folder)
        steps, limits = list(step_lines(objects)), list(running_limits(objects))
        waiting = list(waits(objects, found.lines))
        in_doubt = list(doubts(objects, Looking(now_of(file, objects), folder, {})))
    at_risk = [line for line in found.lines if line.at_risk]
    held_by = owner(folder)
    if as_json:
        at = iso(found.now, zone=objects.zone)
        emit(
            {
                "simulated": file.simulated,
                "site": file.name,
                "as_of": at,
                "owner": held_by,
                "product_at_risk": at_risk,
                "flood": found.flood,
                "calls": found.calls,
                "doubts": in_doubt,
                "steps": steps,
                "waiting": waiting,
                "limits": limits,
            }
        )
        return
    mark(file.name, simulated=file.simulated)
    run_by = f"owned by process {held_by}" if held_by else "owned by nobody"
    click.echo(f"as of {iso(found.now, zone=objects.zone)}, {run_by}\n")
    if found.flood is not None:
        click.echo(f"FLOOD: {found.flood.alarms} alarms since {found.flood.begin[:19]}; see: cellwright alarms list\n")
    if at_risk:
        click.echo(f"{lines_table(at_risk)}\n")
    for line in in_words(in_doubt):
        click.echo(f"{line}\n")
    rows = ((s.batch, s.batch_state, s.step, s.stage, s.state, s.since) for s in steps)
    click.echo(table(("batch", "is", "step", "is", "state", "since"), rows))
    click.echo("\nwaits for people")
    click.echo(waiting_table(waiting))
    click.echo("\nlimits, the next first")
    click.echo(table(("due", "left", "batch", "what"), ((one.due, one.left, one.batch, one.what) for one in limits)))


@click.command(epilog="Example: cellwright worklist --as anna --site ./site-a")
@site
@by
@as_json
@session
def worklist(session: Session, folder: Path, *, by: str, as_json: bool) -> None:
    """List what waits for people."""
    with looked(session, folder) as (file, objects):
        found = list(waits(objects, look_round(file, objects, folder).lines))
        if by:
            objects.known("person", by)
            rights = {str(right) for right in objects.rights(by)}
            found = [one for one in found if rights & set(one.for_whom.split(" or "))]
    if as_json:
        emit({"simulated": file.simulated, "items": found})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(waiting_table(found))


def waiting_table(found: list[Waiting]) -> str:
    """Give what waits as a table."""
    rows = ((one.what, one.id, one.state, one.for_whom, one.since, one.text) for one in found)
    return table(("what", "id", "is", "for", "since", "text"), rows)


def step_lines(objects: Objects) -> Iterator[StepLine]:
    """Give the steps of every batch that is not closed."""
    for thing in objects.marked("batch", OPEN):
        prefix = f"batch/{thing.id}/step/"
        streams = objects.under(prefix)
        if not streams:
            yield StepLine(thing.id, str(thing.state), "", "", "", "")
        for name, events in streams.items():
            found = past("", events)
            state = found.main.state if found.main else found.state
            since = iso(found.main.since, zone=objects.zone) if found.main else ""
            yield StepLine(thing.id, str(thing.state), name.removeprefix(prefix), str(found.stage), state, since)


def waits(objects: Objects, lines: Iterable[Line]) -> Iterator[Waiting]:
    """Give alarms of product at risk, prompts, other alarms and deviations that somebody has to act on."""
    zone = objects.zone
    unanswered = [line for line in lines if line.unanswered]
    yield from (_alarm(line) for line in unanswered if line.at_risk)
    for prompt in objects.marked("prompt", OPEN):
        if isinstance(prompt, Prompt) and prompt.asking and prompt.opening:
            whom = "verify" if prompt.state == "entered" else " or ".join(prompt.opening.asks)
            yield Waiting(
                "prompt",
                prompt.id,
                prompt.batch,
                prompt.step,
                str(prompt.state),
                prompt.opening.text,
                whom,
                _at(prompt.opened_at, zone),
            )
    yield from (_alarm(line) for line in unanswered if not line.at_risk)
    for deviation in objects.marked("deviation", OPEN):
        if isinstance(deviation, Deviation):
            title = deviation.opening.title if deviation.opening else ""
            yield Waiting("deviation", deviation.id, "", "", str(deviation.state), title, "investigate or approve", "")


def _alarm(line: Line) -> Waiting:
    text = f"{line.risk}: {line.message}" if line.risk else line.message
    state = f"{line.state}, {line.priority}"
    return Waiting("alarm", line.id, line.batch, line.step, state, text, "perform or supervise", line.raised_at)


def running_limits(objects: Objects) -> Iterator[Limit]:
    """Give the limits that still count, the next first."""
    going = [t for t in objects.marked("timer", OPEN) if isinstance(t, Timer) and t.going and t.bounded]
    for timer in sorted(going, key=lambda one: float(one.due)):
        over = float(timer.due) - float(objects.now)
        left = span(over) if over >= 0 else f"over by {span(-over)}"
        yield Limit(timer.what, timer.batch, iso(timer.due, zone=objects.zone), left)


def _at(moment: Instant | None, zone: str) -> str:
    return iso(moment, zone=zone) if moment is not None else ""


COMMANDS = {"status": status, "worklist": worklist}
