"""``transfer ppq`` and ``transfer feedback``: what a process qualification came to, what is said of a recipe."""

from pathlib import Path

import click

from automation.engine.recipe.load import load
from automation.gmp.counted import left_out
from automation.gmp.quality.ppq import Qualification
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, session, site, table, tell
from automation.surfaces.cli.comparing import Named, gathered
from automation.surfaces.cli.doubt import now_of
from automation.surfaces.cli.transfer_files import FILES, signed_of, write
from automation.surfaces.documents.transfer import of_ppq
from automation.views.comparison import How, Role
from automation.views.objects import Objects
from automation.views.transfer.ppq_report import check_acceptance, ppq_report
from automation.views.transfer.told import feedback_on


@click.command("ppq", epilog="Example: cellwright transfer ppq PPQ-1 -o ppq.json -o ppq.pdf --site ./site-b")
@click.argument("name", metavar="ID")
@site
@FILES
@as_json
@session
def ppq_command(session: Session, name: str, folder: Path, *, outputs: tuple[Path, ...], as_json: bool) -> None:
    """Judge every batch of a process qualification, and its claim; a conclusion states the SHA-256 of the report."""
    with looked(session, folder) as (_, objects):
        found = _known(objects, name)
        _check_planned(session, found)
        batches = _batches(found, objects)
    sides = gathered([Named(one, folder, Role.NONE) for one in batches], How(operations=session.opener.operations()))
    with looked(session, folder) as (file, objects):
        made = ppq_report(_known(objects, name), sides, objects)
        signed = signed_of(objects, f"ppq/{name}")
        date = iso(now_of(file, objects), zone=objects.zone)
    write(outputs, made.text, lambda: of_ppq(made, signed, date=date))
    told = [f"PPQ {name}: {made.claim}: {'met' if made.met else 'not met'}", *made.missing]
    told += [f"{one.batch} {'conforms' if one.conforms else 'does not conform'}" for one in made.batches]
    data = {
        "files": list(map(str, outputs)),
        "sha256": made.sha256,
        "met": made.met,
        "batches": {one.batch: one.conforms for one in made.batches},
    }
    text = "\n".join([*told, *made.intervals, f"SHA-256 {made.sha256}"])
    tell(text, data, simulated=file.simulated, as_json=as_json)


def _known(objects: Objects, name: str) -> Qualification:
    found = objects.known("ppq", name)
    if not isinstance(found, Qualification) or found.plan is None:
        raise InputError(f"PPQ {name} is not planned")
    return found


def _check_planned(session: Session, found: Qualification) -> None:
    """Look, as long as a plan can still be changed, whether its recipe has what is to be met; raises InputError."""
    if found.plan is None or found.state != "planned":
        return
    operations = session.opener.operations()
    recipe = load(found.plan.recipe, operations)
    if recipe.digest != found.plan.digest:
        raise InputError(
            f"PPQ {found.id} is of recipe {found.plan.digest[:12]}; {found.plan.recipe} is {recipe.digest[:12]} here"
        )
    check_acceptance(found.plan, recipe, operations)


def _batches(found: Qualification, objects: Objects) -> list[str]:
    """Give the batches that are counted, and those that are to be."""
    counted = [one.batch for one in found.counted]
    digest = found.plan.digest if found.plan else ""
    if float(found.approved_at) == 0.0:
        raise InputError(f"PPQ {found.id} is {found.state}; batches count from its approval on")
    return [*counted, *left_out(objects, digest, since=found.approved_at, counted=counted)]


@click.command("feedback", epilog="Example: cellwright transfer feedback car-t --site ./site-b")
@click.argument("recipe")
@site
@as_json
@session
def feedback_command(session: Session, recipe: str, folder: Path, *, as_json: bool) -> None:
    """List what is said of the steps of a recipe, in their order, and what became of it."""
    known = load(recipe, session.opener.operations())
    with looked(session, folder) as (file, objects):
        found = feedback_on(known, objects)
    if as_json:
        emit({"simulated": file.simulated, "recipe": known.header.id, "feedback": found})
        return
    mark(file.name, simulated=file.simulated)
    heads = ("step", "parameter", "feedback", "state", "seen", "became")
    click.echo(
        table(heads, ((one.step, one.parameter, one.feedback, one.state, one.seen, one.became) for one in found))
    )
    if strange := [one.feedback for one in found if not one.known]:
        named = f"{known.header.id} {known.header.version}"
        click.echo(f"of a step or parameter that {named} has not: {', '.join(strange)}")


COMMANDS = (ppq_command, feedback_command)
