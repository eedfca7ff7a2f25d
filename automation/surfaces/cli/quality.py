"""``narrative``, ``documents``, ``causes``, ``risks``: what is on record, holds, comes back, may go wrong."""

from pathlib import Path
from typing import cast

import click

from automation.formulas.risk import Priority
from automation.gmp.codes import moment
from automation.gmp.quality.documents import Document, differences
from automation.gmp.quality.risks import Risk
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, say_no, session, site, table, tell
from automation.surfaces.cli.doubt import now_of
from automation.surfaces.cli.looking import check_kind
from automation.views.causes import causes as causes_of
from automation.views.narrative import narrative as told
from automation.views.objects import Objects


@click.command(epilog="Example: cellwright narrative deviation B-17-D01 -o B-17-D01.md --site ./site-a")
@click.argument("kind", metavar="OBJECT")
@click.argument("name", metavar="ID")
@site
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write (Markdown).")
@as_json
@session
def narrative(session: Session, kind: str, name: str, folder: Path, *, output: Path | None, as_json: bool) -> None:  # noqa: PLR0913  as options
    """Tell what is on record about an object; every sentence cites its event."""
    check_kind(kind)
    with looked(session, folder) as (file, objects):
        made = told(objects, kind, name=name)
    text = f"SIMULATED\n\n{made.text}" if file.simulated else made.text
    if output is not None:
        check_outside(output, folder)
        write_whole(output, text.encode())
        data = {"object": made.object, "file": str(output), "missing": made.missing}
        tell(f"narrative of {made.object}: {output}", data, simulated=file.simulated, as_json=as_json)
    elif as_json:
        emit({"simulated": file.simulated, "object": made.object, "parts": made.parts, "missing": made.missing})
    else:
        click.echo(text, nl=False)


def check_outside(output: Path, folder: Path, *, option: str = "-o") -> None:
    """Raise InputError for a place where the site keeps its own files."""
    if folder.resolve() in output.resolve().parents:
        raise InputError(f"{option} is {output}, where the site keeps its files; write it somewhere else")


@click.command(epilog="Example: cellwright documents SOP-12@2 SOP-12@3 --site ./site-a")
@click.argument("versions", metavar="[BEFORE AFTER]", nargs=-1)
@click.option("--at", "at", default="", metavar="MOMENT", help="What holds then, for example 2027-01-01T08:00.")
@site
@as_json
@session
def documents(session: Session, versions: tuple[str, ...], folder: Path, *, at: str, as_json: bool) -> None:
    """List the documents in force, or say what differs between two versions."""
    if versions:
        _compare(session, versions, folder, as_json=as_json)
        return
    with looked(session, folder) as (file, objects):
        when = moment(at, zone=objects.zone) if at else now_of(file, objects)
        held = [one for one in objects.every("document") if isinstance(one, Document) and one.in_force(when)]
        lines = [_line(one, objects.zone) for one in sorted(held, key=lambda one: one.id)]
    if as_json:
        emit({"simulated": file.simulated, "items": lines})
        return
    mark(file.name, simulated=file.simulated)
    heads = ("document", "sort", "title", "from", "until", "approved_by")
    click.echo(table([name.replace("_", " ") for name in heads], ([line[name] for name in heads] for line in lines)))


def _compare(session: Session, versions: tuple[str, ...], folder: Path, *, as_json: bool) -> None:
    """Say what differs between two versions; exit status 1 when anything does."""
    with looked(session, folder) as (file, objects):
        found = _differences(objects, versions)
    tell("\n".join(found) or "nothing differs", {"items": found}, simulated=file.simulated, as_json=as_json)
    if found:
        say_no()


def _differences(objects: Objects, names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) != len(("before", "after")):
        raise InputError(f"{', '.join(names)}: two versions are compared, for example SOP-12@2 SOP-12@3")
    before, after = (cast("Document", objects.known("document", name)) for name in names)
    return differences(before, after)


def _line(one: Document, zone: str) -> dict[str, str]:
    ends = iso(one.ends, zone=zone)[:16] if one.successor or one.withdrawn else ""
    said = one.writing
    return {
        "document": one.id,
        "sort": str(said.sort) if said else "",
        "title": said.title if said else "",
        "from": iso(one.begins, zone=zone)[:16],
        "until": ends,
        "approved_by": one.approved_by,
    }


@click.command(epilog="Example: cellwright causes --site ./site-a")
@site
@as_json
@session
def causes(session: Session, folder: Path, *, as_json: bool) -> None:
    """Count causes of deviations by their code, with what was done about each."""
    with looked(session, folder) as (file, objects):
        found = causes_of(objects, now_of(file, objects))
    if as_json:
        emit({"simulated": file.simulated, "items": found})
        return
    mark(file.name, simulated=file.simulated)
    rows = ((one.code, one.lately, one.ever, one.last, ", ".join(one.deviations), one.actions) for one in found)
    click.echo(
        table(("cause", "in a year", "ever", "last", "deviations", "CAPA"), ([*r[:5], ", ".join(r[5])] for r in rows))
    )


@click.command(epilog="Example: cellwright risks --site ./site-a")
@site
@as_json
@session
def risks(session: Session, folder: Path, *, as_json: bool) -> None:
    """List the register of risks with RPN and action priority, the most urgent first."""
    with looked(session, folder) as (file, objects):
        found = [one for one in objects.every("risk") if isinstance(one, Risk)]
    found.sort(key=lambda one: (list(Priority).index(one.priority), -one.rpn, one.id))
    heads = ("risk", "state", "where", "failure", "effect", "cause", "S", "O", "D", "RPN", "priority", "actions")
    rows = [_risk(one) for one in found]
    if as_json:
        emit({"simulated": file.simulated, "items": [dict(zip(heads, row, strict=True)) for row in rows]})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(table(heads, rows))


def _risk(one: Risk) -> tuple[object, ...]:
    said, failure = one.rating, one.failure
    rated = (said.severity, said.occurrence, said.detection) if said else ("", "", "")
    what = (failure.where, failure.failure, failure.effect, failure.cause) if failure else ("", "", "", "")
    actions = ", ".join(one.treatment.actions) if one.treatment else ""
    return (one.id, str(one.state), *what, *rated, one.rpn, str(one.priority), actions)


COMMANDS = {"narrative": narrative, "documents": documents, "causes": causes, "risks": risks}
