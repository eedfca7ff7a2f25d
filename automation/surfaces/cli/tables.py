"""``roles``, ``policies`` and ``diagram``: who may do what, what follows by itself, how things move."""

from dataclasses import asdict
from pathlib import Path

import click

from automation.engine import by_itself
from automation.engine.recipe.yaml_source import nearest
from automation.engine.sitefile import FILE
from automation.gmp.product.rule_profiles import PACKAGED, rules_at
from automation.gmp.registry import KINDS
from automation.kernel.errors import InputError
from automation.kernel.machine import Row, Table
from automation.ledger import where
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, session, site, table
from automation.surfaces.cli.doubt import now_of


@click.command(epilog="Example: cellwright roles --object deviation --site ./site-a")
@click.option("--object", "only", default="", help="One kind of object; else all.")
@site
@as_json
@session
def roles(session: Session, only: str, folder: Path, *, as_json: bool) -> None:
    """Show who may do what."""
    if only and only not in KINDS:
        raise InputError(f"--object is {only!r}; {nearest(only, KINDS)}")
    file = session.opener.site(folder) if (folder / FILE).exists() else None
    holders = {role: frozenset(map(str, rights)) for role, rights in file.roles.items()} if file else {}
    found = [line for word, kind in KINDS.items() if only in {"", word} for line in _lines(word, kind.table, holders)]
    if as_json:
        emit({"simulated": bool(file and file.simulated), "items": found})
        return
    if file:
        mark(file.name, simulated=file.simulated)
    heads = ("object", "command", "from", "rights", "signatures", "identified by", "roles here")
    click.echo(table(heads, ([", ".join(v) if isinstance(v, list) else v for v in line.values()] for line in found)))


def _lines(word: str, moves: Table, holders: dict[str, frozenset[str]]) -> list[dict[str, object]]:
    """Give one line for each command, whatever the states it leaves."""
    rows: dict[str, list[Row]] = {}
    for row in moves.rows:
        rows.setdefault(row.command, []).append(row)
    return [
        {
            "object": word,
            "command": command,
            "from": [str(row.source) for row in some],
            "rights": sorted({str(right) for row in some for right in row.by}) or ["anybody"],
            "signatures": list(dict.fromkeys(str(meaning) for row in some for meaning in row.signs)),
            "identified_by": "signature" if some[0].signs else str(some[0].strength),
            "roles": sorted(
                role for role, rights in holders.items() if any(rights & set(map(str, row.by)) for row in some)
            ),
        }
        for command, some in rows.items()
    ]


@click.command(epilog="Example: cellwright policies --site ./site-a")
@site
@as_json
@session
def policies(session: Session, folder: Path, *, as_json: bool) -> None:
    """Show what follows by itself from moves and alarms, and by which clause."""
    file = session.opener.site(folder) if (folder / FILE).exists() else None
    found = [
        {"id": line.id, "after": f"{line.on} {word}", "then": line.then, "clause": line.clause}
        for word, kind in KINDS.items()
        for line in kind.follows
    ]
    found += [asdict(line) for line in by_itself.LINES]
    found += _rules(session, folder, in_use=file is not None)
    for one in file.vigilance.policies.values() if file else ():
        met = f"an alarm of {', '.join(one.alarms) or 'any kind'}, {one.least} or above"
        during = f" during {', '.join(one.during)}" if one.during else ""
        found.append({"id": one.id, "after": met + during, "then": ", ".join(one.actions), "clause": "site.yaml"})
    if as_json:
        emit({"simulated": bool(file and file.simulated), "items": found})
        return
    if file:
        mark(file.name, simulated=file.simulated)
    click.echo(table(("policy", "after", "then", "clause"), (list(line.values()) for line in found)))


def _rules(session: Session, folder: Path, *, in_use: bool) -> list[dict[str, str]]:
    """Give the rules of each profile in the version that a new order would go by, each with its clause."""
    rules = list(PACKAGED.values())
    if in_use and where.of_site(folder).exists():
        with looked(session, folder) as (file, objects):
            rules = [rules_at(objects, name, now_of(file, objects)) for name in PACKAGED]
    return [
        {"id": one.cited, "after": f"order by {one.cited}", "then": f"{about}: {what}", "clause": clause}
        for one in rules
        for about, what, clause in one.sentences
    ]


@click.command(epilog="Example: cellwright diagram freeze > freeze.mmd")
@click.argument("name")
@as_json
@session
def diagram(session: Session, name: str, *, as_json: bool) -> None:
    """Draw an operation or object as a state diagram (Mermaid)."""
    operations = session.opener.operations()
    if name in KINDS:
        moves: object = KINDS[name].table
    elif name in operations:
        moves = getattr(operations[name].operation, "table", None)
    else:
        raise InputError(f"{name!r} is no operation and no object; {nearest(name, [*operations, *KINDS])}")
    if not isinstance(moves, Table):
        raise InputError(f"{name} has no table")
    if as_json:
        rows = [{"command": r.command, "source": str(r.source), "dest": str(r.dest)} for r in moves.rows]
        emit({"name": name, "initial": str(moves.initial), "final": sorted(moves.final), "moves": rows})
        return
    click.echo(moves.diagram(name), nl=False)


COMMANDS = {"roles": roles, "policies": policies, "diagram": diagram}
