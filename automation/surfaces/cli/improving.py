"""``improvements`` and ``wastes``: the board with its numbers, and the eight wastes as far as records show them."""

from pathlib import Path

import click

from automation.gmp.codes import moment
from automation.kernel.clock import MICRO
from automation.kernel.errors import InputError
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, session, site, table
from automation.surfaces.cli.doubt import now_of
from automation.views.improvement import Card, board
from automation.views.questions.asking import Question, ask, condition, measure
from automation.views.questions.of_improvement import UNRECORDED, Waste
from automation.views.questions.rows import moment as written
from automation.views.questions.tables import Tables
from automation.views.wording import show


@click.command(epilog="Example: cellwright improvements --site ./site-a")
@site
@as_json
@session
def improvements(session: Session, folder: Path, *, as_json: bool) -> None:
    """List the improvement board: each card with its measure before and during the trial, read off the ledger."""
    with looked(session, folder) as (file, objects):
        cards = board(objects, now_of(file, objects))
    if as_json:
        emit({"simulated": file.simulated, "items": [_told(one) for one in cards]})
        return
    mark(file.name, simulated=file.simulated)
    heads = ("card", "state", "title", "owner", "measure", "before", "during", "what they carry")
    click.echo(table(heads, (_line(one) for one in cards)))


def _line(card: Card) -> tuple[str, ...]:
    one, idea = card.improvement, card.improvement.idea
    said = (idea.title, idea.owner, f"{idea.measure}: {idea.heading}") if idea else ("", "", "")
    during = card.during.words if one.trial else ""
    return (one.id, str(one.state), *said, card.before.words, during, card.verdict)


def _told(card: Card) -> dict[str, object]:
    one = card.improvement
    sides = {"before": card.before, "during": card.during}
    return {
        "card": one.id,
        "state": one.state,
        "idea": one.idea,
        "verdict": card.verdict,
        **{name: {"summary": side.summary, "events": side.events} for name, side in sides.items()},
    }


@click.command(epilog="Example: cellwright wastes --since 2026-10-01T00:00 --site ./site-a")
@site
@click.option("--since", default="", metavar="MOMENT", help="Only what happened from then on.")
@click.option("--until", default="", metavar="MOMENT", help="Only what happened before then.")
@as_json
@session
def wastes(session: Session, folder: Path, *, since: str, until: str, as_json: bool) -> None:
    """Count the eight wastes as far as records show them, and say what they can't show."""
    with looked(session, folder) as (file, objects):
        limits = {sign: _moment(text, zone=objects.zone) for sign, text in ((">=", since), ("<", until)) if text}
        where = tuple(condition(f"at {sign} {at}") for sign, at in limits.items())
        asked = Question("wastes", where, group=("waste", "what", "unit"), of=(measure("sum(amount)"),))
        found = ask(asked, Tables(objects)["wastes"]).rows
    if as_json:
        unknown = [{"waste": waste, "unrecorded": text} for waste, text in UNRECORDED.items()]
        items = [{**row.values, "events": row.events} for row in found]
        emit({"simulated": file.simulated, "items": items, "unrecorded": unknown})
        return
    mark(file.name, simulated=file.simulated)
    order = [str(one) for one in Waste]
    rows = sorted(found, key=lambda row: (order.index(row.text("waste")), row.text("what")))
    heads = ("waste", "what", "times", "amount", "unit")
    fields = ("waste", "what", "count", "sum(amount)", "unit")
    click.echo(table(heads, ([show(row.values[name]) for name in fields] for row in rows)))
    for waste in Waste:
        if not any(row.text("waste") == waste for row in rows):
            click.echo(f"{waste}: nothing is recorded")
    for waste, text in UNRECORDED.items():
        click.echo(f"{waste}: {text}")


def _moment(text: str, *, zone: str) -> str:
    """Give a moment as tables have it; raises InputError for what is none."""
    try:
        return written(round(float(moment(text, zone=zone)) * MICRO)) or ""
    except ValueError:
        raise InputError(f"{text!r} is no moment; write it as 2027-03-31T17:00") from None


COMMANDS = {"improvements": improvements, "wastes": wastes}
