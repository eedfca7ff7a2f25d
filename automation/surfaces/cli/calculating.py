"""``calc``: a calculation with its formula, inputs, units, result and source; and ``diff``: two recipes in words."""

import click

from automation.engine.recipe.difference import differences
from automation.engine.recipe.load import load
from automation.formulas.calculations import catalogue, work_out
from automation.kernel.errors import InputError
from automation.kernel.quantity import UNITS
from automation.surfaces.cli.common import Session, as_json, emit, say_no, session, table


@click.command("calc", epilog='Example: cellwright calc vector_volume cells="1e8 cells" moi=5 titre_tu_per_ml=1e8')
@click.argument("name", required=False)
@click.argument("inputs", nargs=-1, metavar="[INPUT=VALUE]...")
@as_json
@session
def calc(_session: Session, name: str | None, inputs: tuple[str, ...], *, as_json: bool) -> None:
    """Do a calculation and show its working.

    With a name alone it says what the calculation needs, without one it lists all of them.
    """
    if name is None:
        _list(as_json=as_json)
        return
    if not inputs and name in catalogue():
        _describe(name, as_json=as_json)
        return
    done = work_out(name, _given(inputs))
    if as_json:
        terms = [{"name": one.name, "value": one.value, "unit": one.unit} for one in (*done.inputs, done.result)]
        emit({"name": name, "formula": done.formula, "inputs": terms[:-1], "result": terms[-1], "source": done.source})
        return
    click.echo("\n".join(done.lines()))


@click.command("diff", epilog="Example: cellwright diff freeze-day my-freeze-day.yaml")
@click.argument("before", metavar="RECIPE")
@click.argument("after", metavar="RECIPE")
@as_json
@session
def diff(session: Session, before: str, after: str, *, as_json: bool) -> None:
    """Say in words what differs between two recipes.

    Exit status 1 when anything does.
    """
    operations = session.opener.operations()
    one, other = load(before, operations), load(after, operations)
    found = differences(one, other)
    if as_json:
        rows = [{"where": d.where, "kind": d.kind, "before": d.before, "after": d.after} for d in found]
        emit({"before": one.digest, "after": other.digest, "differences": rows})
    else:
        named = f"{one.header.id} {one.header.version} and {other.header.id} {other.header.version}"
        click.echo("\n".join([f"{named}: {len(found)} differences", *(d.sentence for d in found)]))
    if found:
        say_no()


def _given(inputs: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in inputs:
        name, equals, value = text.partition("=")
        if not equals or not name or name in found:
            raise InputError(f"{text!r} can't be read; write each input once as NAME=VALUE, for example moi=5")
        found[name] = value
    return found


def _list(*, as_json: bool) -> None:
    every = catalogue()
    if as_json:
        emit([{"name": one.name, "formula": one.formula, "help": one.help} for one in every.values()])
        return
    click.echo(
        table(("calculation", "what it gives", "formula"), ((c.name, c.help, c.formula) for c in every.values()))
    )


def _describe(name: str, *, as_json: bool) -> None:
    """Say what a calculation needs."""
    one = catalogue()[name]
    needs = [{"name": key, "unit": UNITS.get(kind, "")} for key, kind in one.inputs.items()]
    if as_json:
        emit({"name": name, "formula": one.formula, "help": one.help, "inputs": needs, "source": one.source})
        return
    click.echo(f"{name} = {one.formula}\n  {one.help}\n  source: {one.source}")
    click.echo(table(("input", "unit"), ((need["name"], need["unit"] or "bare number") for need in needs)))


COMMANDS = {"calc": calc, "diff": diff}
