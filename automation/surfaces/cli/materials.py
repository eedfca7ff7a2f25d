"""``stock``, ``pick`` and ``bill``: how materials stand, what a batch would take, and what it took by its bill."""

from pathlib import Path

import click

from automation.engine.recipe.load import load
from automation.engine.requests import Request, Signer
from automation.gmp.materials.bills import Line, lines_of
from automation.gmp.materials.lots import unaccounted
from automation.gmp.words import Right
from automation.kernel.errors import InputError
from automation.surfaces.cli.access import person, secret
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, emit, mark, say_no, session, site, table
from automation.views.stock import Picked, picks
from automation.views.stock import stock as held


@click.command(epilog="Example: cellwright stock --site ./site-a")
@site
@as_json
@session
def stock(session: Session, folder: Path, *, as_json: bool) -> None:
    """List every material: usable, kept, opened, in quarantine, and what has to be ordered."""
    with looked(session, folder) as (file, objects):
        found = held(objects)
    if as_json:
        emit({"simulated": file.simulated, "items": found})
        return
    mark(file.name, simulated=file.simulated)
    heads = ("material", "unit", "usable", "kept", "opened", "in quarantine", "next expiry", "level", "action")
    numbers = ((one.usable, one.kept, one.opened, one.in_quarantine) for one in found)
    rows = (
        (
            one.material,
            one.unit,
            *(f"{number:.10g}" for number in some),
            one.next_expiry,
            f"{one.level:.10g}",
            one.action,
        )
        for one, some in zip(found, numbers, strict=True)
    )
    click.echo(table(heads, rows))


@click.command(epilog="Example: cellwright pick freeze-day --batch B-001 --reserve --as anna --site ./site-a")
@click.argument("recipe")
@click.option("--batch", required=True, help="The batch that it is for, begun or still to come.")
@click.option("--reserve", is_flag=True, help="Keep what is listed for the batch.")
@by
@site
@as_json
@session
def pick(session: Session, recipe: str, *, batch: str, reserve: bool, by: str, folder: Path, as_json: bool) -> None:  # noqa: PLR0913  as options
    """List the lots that a batch would take, the first to expire first, and keep them on demand."""
    bill = load(recipe, dict(session.opener.operations()))
    with looked(session, folder) as (file, objects):
        found = tuple(picks(objects, bill.materials, batch=batch))
    if reserve and any(one.problem for one in found):
        lacking = ", ".join(one.material for one in found if one.problem)
        raise InputError(f"--reserve keeps a whole bill or nothing; missing: {lacking}")
    if reserve:
        _keep(session, folder, _sums(found), batch=batch, who=person(file, by, Right.PERFORM))
    if as_json:
        emit({"simulated": file.simulated, "batch": batch, "reserved": reserve, "items": found})
    else:
        mark(file.name, simulated=file.simulated)
        heads = ("step", "material", "lot", "quantity", "expiry", "storage", "problem")
        rows = (
            (one.step, one.material, one.lot, f"{one.quantity:.10g} {one.unit}", one.expiry, one.storage, one.problem)
            for one in found
        )
        click.echo(table(heads, rows))
    if any(one.problem for one in found):
        say_no()


def _keep(session: Session, folder: Path, sums: dict[str, float], *, batch: str, who: str) -> None:
    """Reserve what was picked, lot by lot; the same again changes nothing."""
    own = secret(session.opener.site(folder), who)
    for lot, quantity in sums.items():
        body: dict[str, object] = {"batch": batch, "quantity": quantity}
        me = Signer(who, own, "", f"reserve {quantity:.10g} of lot {lot} for {batch}")
        request = Request(
            what="do", target=f"lot/{lot}", command="reserve", body=body, by=who, secret=own, signers=(me,)
        )
        send(session, folder, request)


def _sums(found: tuple[Picked, ...]) -> dict[str, float]:
    """Give how much of each lot is picked in all."""
    sums: dict[str, float] = {}
    for one in found:
        sums[one.lot] = round(sums.get(one.lot, 0.0) + one.quantity, 9)
    return sums


@click.command(epilog="Example: cellwright bill B-001 --site ./site-a")
@click.argument("batch")
@site
@as_json
@session
def bill(session: Session, batch: str, folder: Path, *, as_json: bool) -> None:
    """Put the bill of a batch beside what was issued, used and given back.

    Exit status 1 when something differs and nobody has said why, or is not accounted for.
    """
    with looked(session, folder) as (file, objects):
        objects.known("batch", batch)
        found, loose = lines_of(objects, batch), tuple(unaccounted(objects, batch))
        state = objects.find("bill", batch).state
    if as_json:
        emit({"simulated": file.simulated, "state": state, "items": found, "unaccounted": loose})
    else:
        mark(file.name, simulated=file.simulated)
        heads = ("material", "unit", "planned", "issued", "used", "returned", "destroyed", "difference", "reason")
        click.echo(table(heads, (_columns(one) for one in found)))
        for sentence in (*(one.sentence for one in found if one.unexplained), *loose):
            click.echo(f"left open: {sentence}")
    if loose or any(one.unexplained for one in found):
        say_no()


def _columns(one: Line) -> tuple[str, ...]:
    numbers = (one.planned, one.issued, one.used, one.returned, one.destroyed, one.difference)
    return (one.material, one.unit, *(f"{number:.10g}" for number in numbers), one.reason)


COMMANDS = {"stock": stock, "pick": pick, "bill": bill}
