"""``read`` and ``judge``: clean data from an instrument's file, and the verdict on a freezing curve."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import click

from automation.engine.recipe.load import load
from automation.engine.recipe.model import Literal
from automation.engine.recipe.spec import unit_of
from automation.formulas.freezing import Criteria, FreezeJudgement, Verdict
from automation.formulas.freezing import judge as judge_curve
from automation.formulas.history import Kind as Part
from automation.formulas.history import Range, Reading, history
from automation.formulas.history import Verdict as History
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Seconds
from automation.kernel.quantity import read as read_quantity
from automation.surfaces.cli.common import Session, as_json, emit, say_no, session, table
from automation.surfaces.cli.plates import plate
from automation.views.wording import show as words
from automation.views.wording import span


@click.command("read", epilog="Example: cellwright read results/2026-01-05_counts.csv --json")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--gates", type=click.Path(path_type=Path), metavar="STRATEGY", help="Populations of a cytometer's file.")
@as_json
@session
def read(session: Session, path: Path, gates: Path | None, *, as_json: bool) -> None:
    """Give clean data from an instrument's result file."""
    kind, rows = ("populations", session.opener.gate(path, gates)) if gates else session.opener.read(path)
    found = [_plain(row) for row in rows]
    units = _units(rows[0]) if rows else {}
    if as_json:
        emit({"kind": kind, "file": path.name, "units": units, "rows": found})
        return
    click.echo(f"{path.name}: {kind}, {len(found)} rows")
    heads = list(found[0]) if found else []
    titles = [name.replace("_", " ") + (f" [{units[name]}]" if name in units else "") for name in heads]
    click.echo(table(titles, ([words(row[name]) for name in heads] for row in found)))


@click.group("judge", epilog="Example: cellwright judge freeze run-0042.csv --criteria freeze-day")
def judge() -> None:
    """Judge a curve by the criteria of a recipe, a plate by those of a specification."""


judge.add_command(plate)


@judge.command("freeze", epilog="Example: cellwright judge freeze run-0042.csv --criteria freeze-day")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--criteria", default="freeze-day", show_default=True, metavar="RECIPE", help="A recipe's name or file.")
@click.option("--step", default="", help="The step whose criteria count; else the only one that has any.")
@as_json
@session
def freeze(session: Session, path: Path, criteria: str, step: str, *, as_json: bool) -> None:
    """Judge any freezer's or logger's curve; exit status 1 when it is not accepted."""
    limits = _criteria(session, criteria, step=step)
    found = judge_curve(session.opener.curve(path), limits)
    if as_json:
        lines = [
            {n: getattr(c, n) for n in ("name", "verdict", "value", "unit", "limit", "sentence")}
            for c in found.criteria
        ]
        emit({"file": path.name, "criteria_of": criteria, "verdict": found.verdict, "criteria": lines})
    else:
        click.echo(_said(path, found))
    if found.verdict is not Verdict.PASS:
        say_no()


@judge.command("transport", epilog="Example: cellwright judge transport LOG-7.csv --low '2 degC' --high '8 degC'")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--low", required=True, metavar="TEMPERATURE", help="Lowest temperature allowed.")
@click.option("--high", required=True, metavar="TEMPERATURE", help="Highest temperature allowed.")
@click.option("--gap", default="15 min", show_default=True, metavar="TIME", help="Longest time between two readings.")
@click.option("--lasts", default="", metavar="TIME", help="How long the transport took; else until the last reading.")
@as_json
@session
def transport(session: Session, /, path: Path, *, as_json: bool, **asked: str) -> None:
    """Judge a logger's file from a transport or a store; a gap is never in range.

    Exit status 1 when it is out of range, or when for any part of the time nobody knows.
    """
    low, high = (Celsius(read_quantity(asked[name], Celsius, what=f"--{name}")) for name in ("low", "high"))
    gap = Seconds(read_quantity(asked["gap"], Seconds, what="--gap"))
    curve = session.opener.curve(path)
    readings = [Reading(one.at, one.chamber if one.sample is None else one.sample) for one in curve]
    end = read_quantity(asked["lasts"], Seconds, what="--lasts") if asked["lasts"] else float(readings[-1].at)
    found = history(readings, Range(low, high, gap), since=Seconds(0.0), until=Seconds(end))
    if as_json:
        totals = {f"{kind.name.lower()}_s": float(found.total(kind)) for kind in Part}
        parts = [{"kind": p.kind, "start_s": p.start, "end_s": p.end, "extreme_c": p.extreme} for p in found.parts]
        emit({"file": path.name, "verdict": found.verdict, **totals, "parts": parts})
    else:
        rows = ((p.kind, span(float(p.start)), span(float(p.end)), words(p.extreme)) for p in found.parts)
        click.echo(f"{path.name}: {str(found.verdict).upper()}\n" + table(("", "from", "to", "furthest [degC]"), rows))
    if found.verdict is not History.IN_RANGE:
        say_no()


def _said(path: Path, found: FreezeJudgement) -> str:
    rows = ((one.name, one.verdict, one.sentence) for one in found.criteria)
    return f"{path.name}: {str(found.verdict).upper()}\n" + table(("criterion", "verdict", "why"), rows)


def _criteria(session: Session, recipe: str, *, step: str) -> Criteria:
    """Give the acceptance criteria that a recipe states; raises InputError when there are none or several."""
    made = load(recipe, session.opener.operations())
    found = {
        one.id: given.value
        for one in made.steps
        for given in one.given.values()
        if isinstance(given, Literal) and isinstance(given.value, Criteria) and step in {"", one.id}
    }
    if len(found) != 1:
        said = f"steps {', '.join(found)} have some: name one with --step" if found else "no step of it has any"
        raise InputError(f"--criteria is {recipe!r}; {said}")
    return next(iter(found.values()))


def _units(row: object) -> dict[str, str]:
    """Give the units of the fields that have one."""
    hints = get_type_hints(type(row))
    return {name: unit_of(kind) for name, kind in hints.items() if unit_of(kind) not in {"", "1"}}


def _plain(row: object) -> dict[str, object]:
    if not is_dataclass(row):
        return {"value": row}
    return {one.name: getattr(row, one.name) for one in fields(row)}


COMMANDS = {"read": read, "judge": judge}
