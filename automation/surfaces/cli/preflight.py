"""``check``: every gate of a batch or recipe, now and at its planned end, before anybody begins. It changes nothing."""

from pathlib import Path

import click

from automation.engine import masters
from automation.engine.label_fit import Shop, misfits, prints
from automation.engine.printable import Of
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from automation.gmp.product.batches import Batch
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.kernel.quantity import Seconds, read
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, say_no, session, site, table
from automation.views.readiness import Gate, Plan, gates
from automation.views.wording import span

_LONGEST = Of("B-2026-001", "A9999 26 000001 7A", "CHA999926X7K2QD")  # as long as identifiers usually get
_ENDED = ("complete", "stopped", "aborted", "closed")


@click.command(epilog="Example: cellwright check freeze-day --site ./site-a --lasting '3 h'")
@click.argument("what", metavar="BATCH|RECIPE")
@click.option("--lasting", default="", metavar="DURATION", help="How long it will take; else from the recipe.")
@site
@as_json
@session
def check(session: Session, what: str, lasting: str, folder: Path, *, as_json: bool) -> None:
    """Ask every gate of a batch or recipe through its planned end."""
    takes = float(read(lasting, Seconds, what="--lasting")) if lasting else 0.0
    operations = dict(session.opener.operations())
    with looked(session, folder) as (file, objects):
        thing = objects.find("batch", what)
        batch = thing if isinstance(thing, Batch) and thing.state != "absent" else None
        if batch is not None and batch.state in _ENDED:
            raise InputError(f"batch {what} has ended ({batch.state}); there is nothing left to check")
        recipe = masters.recall(folder, batch, operations) if batch else load(what, operations)
        plan = Plan(objects, recipe, operations, batch, takes)
        end, takes, found = plan.end, plan.takes, list(gates(plan))
        if batch is None and prints(recipe, operations):
            shop = Shop(operations, tuple(session.opener.printers(file)), file.simulated)
            found += [
                Gate(one.step, "label text", one.printer, f"the label of {one.container} can't be printed: {one.why}")
                for one in misfits(recipe, _LONGEST, shop)
            ]
        rounds = _rounds(recipe)
    if as_json:
        lines = [
            {"step": g.step, "what": g.what, "which": g.which, "good": g.good, "problem": g.problem} for g in found
        ]
        emit(
            {
                "simulated": file.simulated,
                "recipe": recipe.header.id,
                "digest": recipe.digest,
                "planned_end": iso(end, zone=file.zone),
                "good": all(g.good for g in found),
                "rounds": rounds,
                "gates": lines,
            }
        )
    else:
        mark(file.name, simulated=file.simulated)
        title = f"{recipe.header.id} version {recipe.header.version}"
        click.echo(f"{title}: planned end {iso(end, zone=file.zone)} ({span(takes)} from now)")
        click.echo(f"digest of the recipe: {recipe.digest}")
        for line in rounds:
            click.echo(line)
        click.echo(
            table(
                ("step", "gate", "which", "good"),
                ((g.step, g.what, g.which, "yes" if g.good else f"NO: {g.problem}") for g in found),
            )
        )
        bad = sum(not gate.good for gate in found)
        click.echo(f"{bad} of {len(found)} gates are closed" if bad else f"all {len(found)} gates are open")
    if not all(gate.good for gate in found):
        say_no()


def _rounds(recipe: Recipe) -> list[str]:
    """Say which steps are done in rounds, and which only when something is so."""
    only = [f"{step.id} only when {step.when}" for step in recipe.steps if step.when is not None]
    return [*map(str, recipe.parts), *only]


COMMANDS = {"check": check}
