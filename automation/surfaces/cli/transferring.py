"""``gap`` and ``transfer``: what differs between two sites for a recipe, and what a transfer between them is made of.

A site is a folder with its ledger; a packaged simulated one is named, and founded for the moment of the look.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from automation.engine.recipe.load import load
from automation.engine.sitefile import FILE
from automation.surfaces.cli import scaling
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, say_no, session, table
from automation.views.transfer.gap import gaps
from automation.views.transfer.units import Gap, Pair, Severity, Unit
from automation.views.wording import count


@contextmanager
def pair_of(session: Session, *, sending: str, receiving: str, recipe: str) -> Iterator[Pair]:
    """Look at two sites for a recipe; raises InputError for what is no site and no recipe."""
    operations = session.opener.operations()
    found = load(recipe, operations)
    with _unit(session, sending) as one, _unit(session, receiving) as other:
        yield Pair(one, other, found, operations)


@contextmanager
def _unit(session: Session, name: str) -> Iterator[Unit]:
    with tempfile.TemporaryDirectory(prefix="cellwright-") as place:
        folder = Path(name)
        if not (folder / FILE).is_file():
            folder = Path(place) / "site"
            session.opener.found(folder, session.opener.template(name))
        with looked(session, folder) as (file, objects):
            yield Unit(file, objects)


@click.command("gap", epilog="Example: cellwright gap ./site-a ./site-b car-t")
@click.argument("sending", metavar="SITE_A")
@click.argument("receiving", metavar="SITE_B")
@click.argument("recipe")
@as_json
@session
def gap(session: Session, /, sending: str, receiving: str, recipe: str, *, as_json: bool) -> None:
    """Say what differs between two sites for a recipe, what blocks it, and what to do.

    A site is a folder, or the name of a packaged simulated one. Exit status 1 when something blocks.
    """
    with pair_of(session, sending=sending, receiving=receiving, recipe=recipe) as pair:
        found = gaps(pair)
    blocking = sum(one.severity is Severity.BLOCKS for one in found)
    if as_json:
        emit(
            {
                "simulated": pair.simulated,
                "sending": pair.sending.name,
                "receiving": pair.receiving.name,
                "recipe": pair.recipe.header.id,
                "digest": pair.recipe.digest,
                "blocking": blocking,
                "gaps": [{"id": one.id, **asdict(one)} for one in found],
            }
        )
    else:
        mark = "SIMULATED " if pair.simulated else ""
        head = f"{mark}{pair.recipe.header.id}, from {pair.sending.name} to {pair.receiving.name}"
        click.echo(f"{head}: {count(len(found), 'gap')}, of which {blocking} block")
        click.echo(table(("weighs", "about", "gap", "what to do"), map(_cells, found)))
    if blocking:
        say_no()


def _cells(one: Gap) -> tuple[str, ...]:
    return (one.severity, one.topic, one.sentence, one.remedy)


@click.group("transfer")
def transfer() -> None:
    """Move a process to another site or scale: its sheet, its package, its report."""


transfer.add_command(scaling.command)

COMMANDS = {"gap": gap, "transfer": transfer}
