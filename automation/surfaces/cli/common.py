"""What the commands share: options, tables, JSON, and the one way to say no.

Text goes to standard output, what people wait for and errors to standard error.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from automation.surfaces.cli.port import Opener

F = TypeVar("F", bound=Callable[..., object])

SECRET = "CELLWRIGHT_SECRET"  # noqa: S105  the name of a variable
SITE = "CELLWRIGHT_SITE"
TERMINAL = "CELLWRIGHT_TERMINAL"
_NARROW = 24  # characters; no column is cut shorter
SHORTEST = 3  # characters of a reason
NO = 1  # exit status: the answer is no


@dataclass
class Session:
    """One call of the command."""

    make: Callable[[], Opener]

    @cached_property
    def opener(self) -> Opener:
        """Give the house; it is imported here."""
        return self.make()


session = click.pass_obj
as_json = click.option("--json", "as_json", is_flag=True, help="Print data as JSON.")
site = click.option(
    "--site",
    "folder",
    type=click.Path(path_type=Path),
    envvar=SITE,
    default=".",
    help=f"Site folder; else {SITE}, else the current folder.",
)
by = click.option("--as", "by", metavar="USER", default="", help=f"Who you are; the secret is asked, or in {SECRET}.")


def _long_enough(_ctx: click.Context, _option: click.Parameter, text: str) -> str:
    if len(text) < SHORTEST:
        raise click.UsageError(f"--reason is {text!r}; at least {SHORTEST} characters are needed")
    return text


reason = click.option(
    "--reason",
    required=True,
    metavar="TEXT",
    callback=_long_enough,
    help="Why, in words that a reviewer understands.",
)


def say_no() -> NoReturn:
    """End with exit status 1: the question was understood and the answer is no."""
    raise click.exceptions.Exit(NO)


def emit(data: object) -> None:
    """Print data as JSON, two blanks deep; moments and decimals as text."""
    import msgspec  # noqa: PLC0415  help needs none

    raw = msgspec.json.encode(data, enc_hook=str)
    click.echo(msgspec.json.format(raw, indent=2).decode())


def mark(name: str, *, simulated: bool) -> None:
    """Say which site speaks; a simulated one always says so."""
    click.echo(f"SIMULATED site {name}" if simulated else f"Site {name}")


def tell(text: str, data: Mapping[str, object], *, simulated: bool, as_json: bool) -> None:
    """Print one sentence, or the data behind it; both say when they are of a simulated site."""
    if as_json:
        emit({"simulated": simulated, **data})
    else:
        click.echo(f"SIMULATED {text}" if simulated else text)


def note(text: str) -> None:
    """Tell a person at a terminal how far it is; a pipe hears nothing."""
    if sys.stderr.isatty():
        click.echo(text, err=True)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Give rows in columns, as wide as their longest cell; the last one is cut to what a terminal has left."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        return "(none)"
    widths = [max(len(row[place]) for row in [list(heads), *cells]) for place in range(len(heads))]
    if sys.stdout.isatty():
        left = shutil.get_terminal_size().columns - sum(widths[:-1]) - 2 * len(widths[:-1])
        widths[-1] = min(widths[-1], max(left, _NARROW))
        cells = [[*row[:-1], shortened(row[-1], widths[-1])] for row in cells]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [list(heads), *cells]
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def shortened(text: str, most: int = 100) -> str:
    """Cut a text to a length that fits a line; JSON has it whole."""
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def pairs(values: Mapping[str, object]) -> str:
    """Give names and values, one pair a line."""
    width = max((len(name) for name in values), default=0)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in values.items())


def pair(text: str, *, what: str) -> tuple[str, str]:
    """Split ``name=value``; raises a usage error that names the option."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise click.UsageError(f"{what} is {text!r}; write NAME=VALUE")
    return name.strip(), value.strip()


def at_terminal() -> str:
    """Give the terminal that the environment names, or nothing."""
    return os.environ.get(TERMINAL, "")


def secret_given() -> str:
    """Give the secret that the environment holds, or nothing."""
    return os.environ.get(SECRET, "")
