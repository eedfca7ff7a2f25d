"""``gap`` and ``transfer``: what differs between two sites for a recipe, and what a transfer between them is made of.

The files of a transfer are written here; its moves are those of the object: ``do transfer ID COMMAND``.
"""

from dataclasses import asdict

import click

from automation.surfaces.cli import scaling, transfer_files, transfer_moves, transfer_ppq
from automation.surfaces.cli.common import Session, as_json, emit, say_no, session, table
from automation.surfaces.cli.sides import pair_of
from automation.views.transfer.gap import gaps
from automation.views.transfer.units import Gap, Severity
from automation.views.wording import count


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


for command in (scaling.command, *transfer_files.COMMANDS, *transfer_moves.COMMANDS, *transfer_ppq.COMMANDS):
    transfer.add_command(command)

COMMANDS = {"gap": gap, "transfer": transfer}
