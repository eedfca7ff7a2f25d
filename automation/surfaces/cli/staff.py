"""``access`` and ``qualifications``: who may what since when and by whom, and who is qualified for what until when."""

from dataclasses import asdict
from pathlib import Path

import click

from automation.engine.sitemodel import SiteFile
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, session, site, table
from automation.views.access import AccessLine, register
from automation.views.experience import Experience, experience
from automation.views.qualifications import Cell, concerned, matrix

_one = click.option("--person", default="", help="One person; else all.")


@click.command(epilog="Example: cellwright access --past --person anna --site ./site-a")
@_one
@click.option("--past", is_flag=True, help="What has ended, too.")
@site
@as_json
@session
def access(session: Session, person: str, folder: Path, *, past: bool, as_json: bool) -> None:
    """Show which rights each person has, since when, until when and by whom."""
    with looked(session, folder) as (file, objects):
        if person:
            objects.known("person", person)
        found = list(register(objects, person=person, past=past))
    if as_json:
        emit({"simulated": file.simulated, "items": [asdict(line) for line in found]})
        return
    mark(file.name, simulated=file.simulated)
    heads = ("person", "staff", "rights", "since", "by", "until", "ended", "ended by", "why", "signature binds")
    rows = ((f"{o.person} ({o.name})", o.staff, ", ".join(o.rights), *_period(o), _bound(o)) for o in found)
    click.echo(table(heads, rows))


def _period(o: AccessLine) -> tuple[str, ...]:
    return o.since, o.by, o.until, o.ended, o.ended_by, o.reason


def _bound(o: AccessLine) -> str:
    return f"signs nothing before {o.missing}" if o.missing else ", ".join(o.accepted)


@click.command(epilog="Example: cellwright qualifications --curriculum fill --site ./site-a")
@_one
@click.option("--curriculum", default="", help="One curriculum; else all in force.")
@click.option("--all", "everybody", is_flag=True, help="Also those who were never assigned.")
@click.option("--hours", is_flag=True, help="Runs and hours of each person at each operation instead.")
@site
@as_json
@session
def qualifications(  # noqa: PLR0913  as options
    session: Session, person: str, curriculum: str, folder: Path, *, everybody: bool, hours: bool, as_json: bool
) -> None:
    """Show who is qualified by which curriculum, until when, and what is missing."""
    with looked(session, folder) as (file, objects):
        for kind, name in (("person", person), ("curriculum", curriculum)):
            if name:
                objects.known(kind, name)
        if hours:
            _tell_hours(file, list(experience(objects, person=person)), as_json=as_json)
            return
        every = matrix(objects, person=person, curriculum=curriculum)
        found = [cell for cell in every if everybody or concerned(cell)]
    if as_json:
        emit({"simulated": file.simulated, "items": [asdict(cell) for cell in found]})
        return
    mark(file.name, simulated=file.simulated)
    heads = ("person", "curriculum", "qualified", "until", "fades", "training", "runs", "mentor", "missing")
    rows = ((o.person, o.curriculum, "yes" if o.qualified else "no", *_rest(o)) for o in found)
    click.echo(table(heads, rows))


def _tell_hours(file: SiteFile, found: list[Experience], *, as_json: bool) -> None:
    if as_json:
        emit({"simulated": file.simulated, "items": [asdict(one) for one in found]})
        return
    mark(file.name, simulated=file.simulated)
    rows = ((o.person, o.operation, str(o.runs), str(o.answers), f"{o.hours:.2f}", o.first, o.last) for o in found)
    click.echo(table(("person", "operation", "runs", "answers", "hours", "first", "last"), rows))


def _rest(cell: Cell) -> tuple[str, ...]:
    return cell.until, cell.fades, cell.training, cell.observed, cell.mentor, cell.missing


COMMANDS = {"access": access, "qualifications": qualifications}
