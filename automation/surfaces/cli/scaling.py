"""``transfer scale``: a scale sheet of a recipe for another vessel."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

import click

from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from automation.engine.recipe.spec import OperationSpec
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.kernel.quantity import Millilitres, finite, read
from automation.surfaces.cli.common import Session, as_json, emit, pair, session, table
from automation.surfaces.documents.comparison import comma_separated
from automation.views.transfer.scale_sheet import Keep, Line, Scaling, Sheet, Vessel, sheet
from automation.views.wording import count

_VOLUMES = frozenset({"volume", "load"})
_KNOWN = tuple(one.name for one in fields(Vessel))
_LEAST, _MOST = 1e-6, 1e9  # of whatever a vessel is stated by
_HEADS = ("where", "before", "after", "is", "why")
_NUMBER = re.compile(r"[0-9.+eE-]+")


def vessel(texts: Sequence[str], *, option: str) -> Vessel:
    """Read ``volume=300 mL`` and what else is stated of a vessel; raises InputError for anything else."""
    pairs = [pair(text, what=option) for text in texts]
    given = dict(pairs)
    if twice := [name for name in given if [one for one, _ in pairs].count(name) > 1]:
        raise InputError(f"{option} names {twice[0]} twice")
    for name, text in given.items():
        if name not in _KNOWN:
            raise InputError(f"{option} names {name!r}; allowed: {', '.join(_KNOWN)}")
        if name not in _VOLUMES and not _NUMBER.fullmatch(text):
            raise InputError(f"{option} {name} is {text!r}; a number alone is needed, its unit is in the name")
    if "volume" not in given:
        raise InputError(f"{option} lacks the working volume; write for example {option} 'volume=300 mL'")
    made = Vessel(
        volume=Millilitres(read(given["volume"], Millilitres, what=f"{option} volume")),
        load=Millilitres(read(given.get("load", "0 mL"), Millilitres, what=f"{option} load")),
        **{name: _number(text, f"{option} {name}") for name, text in given.items() if name not in _VOLUMES},
    )
    for name, text in given.items():
        if not _LEAST <= float(getattr(made, name)) <= _MOST:
            raise InputError(f"{option} {name} is {text}; more than 0 is needed, from {_LEAST:g} to {_MOST:g}")
    return made


def _number(text: str, what: str) -> float:
    try:
        return finite(float(text), what=what)
    except ValueError:
        raise InputError(f"{what} is {text!r}; a number is needed") from None


@click.command(
    "scale",
    epilog="Example: cellwright transfer scale car-t --step expand --from 'volume=600 mL' --to 'volume=3 L'",
)
@click.argument("recipe")
@click.option("--step", "steps", multiple=True, metavar="STEP", help="Done in the vessel; several.")
@click.option("--from", "before", multiple=True, required=True, metavar="WHAT=VALUE", help=f"Of {', '.join(_KNOWN)}.")
@click.option("--to", "after", multiple=True, required=True, metavar="WHAT=VALUE", help="As --from.")
@click.option(
    "--keep",
    type=click.Choice(list(map(str, Keep))),
    default=str(Keep.VOLUME),
    show_default=True,
    help="Amounts per mL, or per cm2.",
)
@click.option(
    "--csv", type=click.Path(path_type=Path, dir_okay=False), help="Write the sheet, one line for each value."
)
@as_json
@session
def command(  # noqa: PLR0913  as options
    session: Session,
    /,
    recipe: str,
    *,
    steps: tuple[str, ...],
    before: tuple[str, ...],
    after: tuple[str, ...],
    keep: str,
    csv: Path | None,
    as_json: bool,
) -> None:
    """Write the scale sheet of a recipe: parameters and limits for another vessel, and what no rule translates."""
    operations = session.opener.operations()
    made = sheet_of(load(recipe, operations), operations, steps=steps, before=before, after=after, keep=keep)
    if csv is not None:
        write_whole(csv, comma_separated(_HEADS, [cells(one) for one in made.lines]))
    if as_json:
        emit({**asdict(made), "open": len(made.open)})
        return
    click.echo(f"{made.recipe}, {', '.join(made.steps)}: {made.ratio:.4g} times, {made.keep} kept")
    click.echo(table(_HEADS, (cells(one) for one in made.lines)))
    click.echo(_sentence(made))


def sheet_of(  # noqa: PLR0913  as options
    recipe: Recipe,
    operations: Mapping[str, OperationSpec],
    *,
    steps: tuple[str, ...],
    before: Sequence[str],
    after: Sequence[str],
    keep: str = Keep.VOLUME,
) -> Sheet:
    """Give the sheet that options ask for; raises InputError for what is no vessel or no step."""
    here, there = vessel(before, option="--from"), vessel(after, option="--to")
    return sheet(recipe, operations, Scaling(steps=steps, before=here, after=there, keep=Keep(keep)))


def cells(one: Line) -> tuple[str, ...]:
    """Give a line of the sheet as texts."""
    return (one.where, one.before, one.after or "?", one.basis, one.why)


def _sentence(made: Sheet) -> str:
    return f"{count(len(made.open), 'value')} of {len(made.lines)} no rule translates (?): somebody has to decide them"
