"""``drill``: practise a trouble during an operation on a throwaway simulated site, at the terminal or by script.

Nothing of a drill counts as training, qualification or evidence; a site may record training of its own after it.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from automation.surfaces.cli.common import Session, as_json, emit, note, say_no, session, table
from automation.surfaces.cli.port import Drilling

PROMPT = "drill> "


@dataclass(frozen=True, slots=True)
class Seat:
    """The person's terminal, or a pipe that holds what a person would type."""

    def say(self, text: str) -> None:
        """Show a text."""
        click.echo(text)

    def ask(self) -> str | None:
        """Give the next line, None at the end."""
        if sys.stdin.isatty():
            try:
                return input(PROMPT)
            except EOFError:
                return None
        line = sys.stdin.readline()
        return line or None


@click.command(epilog="Example: cellwright drill freezer-power-loss --during freeze --site a")
@click.argument("fault", default="")
@click.option("--during", default="", metavar="OPERATION", help="The operation in which it comes.")
@click.option("--list", "listing", is_flag=True, help="List the faults, and when they can come.")
@click.option("--site", default="a", show_default=True, metavar="DIR|NAME", help="A simulated site, or a packaged one.")
@click.option("--recipe", default="", help="A recipe or a file; else the first that runs the operation.")
@click.option("--seed", type=click.IntRange(min=0), help="Another chance.")
@click.option("--by", type=click.Choice(["person", "script"]), default="person", show_default=True, help="Who acts.")
@click.option("--keep", type=click.Path(path_type=Path), metavar="DIR", help="Keep the site in this new folder.")
@as_json
@session
def drill(session: Session, /, fault: str, during: str, *, listing: bool, as_json: bool, **wished: object) -> None:
    """Practise a fault during an operation, on a throwaway simulated site."""
    if listing or not fault:
        _list(session, as_json=as_json)
        return
    if not during:
        raise click.UsageError("--during OPERATION is needed; see: cellwright drill --list")
    by = wished.pop("by")
    note(f"SIMULATED drill: {fault} during {during}")
    asked = Drilling(fault=fault, during=during, **wished)  # type: ignore[arg-type]  # click has typed them
    told = session.opener.drill(asked, seat=None if by == "script" else Seat())
    if as_json:
        emit(told.data)
    else:
        click.echo(told.text)
    if not told.good:
        say_no()


def _list(session: Session, *, as_json: bool) -> None:
    found = session.opener.drills()
    if as_json:
        emit({"simulated": True, "items": found})
        return
    click.echo(
        table(("fault", "what happens", "during"), ((one.name, one.what, ", ".join(one.during)) for one in found))
    )


COMMANDS = {"drill": drill}
