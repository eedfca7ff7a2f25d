"""``show`` and ``list``: any object, read off its table and its events; the site's owner is not disturbed."""

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from pydantic import BaseModel

from automation.gmp.due import dues_of
from automation.gmp.objects import Site, Thing
from automation.gmp.registry import KINDS
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.kernel.machine import Row
from automation.kernel.quantity import Instant
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, pairs, session, shortened, site, table
from automation.surfaces.cli.doubt import lines, now_of
from automation.views.audit_trail import audit_trail
from automation.views.beside import beside
from automation.views.doubts import Looking, doubts
from automation.views.objects import Objects
from automation.views.wording import show as words

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_SHORT = 28  # characters of a cell
_COLUMNS = 8
_MOMENTS = ("_at", "since", "due", "until", "warn", "deadline")


@click.command("show", epilog="Example: cellwright show asset crf-01 --site ./site-a")
@click.argument("kind", metavar="OBJECT")
@click.argument("name", metavar="ID")
@site
@as_json
@session
def show(session: Session, kind: str, name: str, folder: Path, *, as_json: bool) -> None:
    """Show one object: state, values, history, what is possible.

    Of a store: how long it keeps cold, what is in it, and where each container can go. Of a watch: its last readings.
    """
    if kind == "watch":
        from automation.surfaces.cli.stores import show_watch  # noqa: PLC0415  only when asked

        show_watch(session, name, folder, as_json=as_json)
        return
    if kind == "store":
        from automation.surfaces.cli.stores import show_store  # noqa: PLC0415  only when asked

        show_store(session, name, folder, as_json=as_json)
        return
    check_kind(kind)
    with looked(session, folder) as (file, objects):
        thing = objects.known(kind, name)
        history = audit_trail(objects.streams[f"{kind}/{name}"], zone=objects.zone)
        looking = Looking(now_of(file, objects), folder, {})
        told = (*told_of(thing, objects), *beside(objects, f"{kind}/{name}"))
        in_doubt = list(doubts(objects, looking, batch=name)) if kind == "batch" else []
    values = plain(thing, zone=objects.zone)
    rows = [row for row in KINDS[kind].table.rows if str(row.source) == str(thing.state)]
    possible = [
        {"command": row.command, "to": str(row.dest), "by": sorted(row.by), "signs": list(row.signs)} for row in rows
    ]
    if as_json:
        moves = [{"seq": e.seq, "at": e.at, "kind": e.kind, "by": e.by, "said": e.said} for e in history]
        more: dict[str, object] = {"doubts": in_doubt} if in_doubt else {}
        more |= {"told": told} if told else {}
        shown = {"object": kind, **values, "possible": possible, "history": moves, **more}
        emit({"simulated": file.simulated, **shown})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(f"{kind} {name}: {thing.state}\n")
    for line in lines(in_doubt):
        click.echo(f"{line}\n")
    for sentence in told:
        click.echo(sentence)
    click.echo(
        pairs({k.replace("_", " "): shortened(words(v)) for k, v in values.items() if k not in {"id", "state"} and v})
    )
    click.echo(
        "\n"
        + table(
            ("event", "when", "what", "by", "said"), ((e.seq, e.at, e.kind, e.by, shortened(e.said)) for e in history)
        )
    )
    click.echo("\npossible now: " + ("; ".join(_possible(row) for row in rows if row.by != {"system"}) or "nothing"))


@click.command("list", epilog="Example: cellwright list container --site ./site-a")
@click.argument("kind", metavar="OBJECT")
@site
@as_json
@session
def list_(session: Session, kind: str, folder: Path, *, as_json: bool) -> None:
    """List all objects of a kind."""
    check_kind(kind)
    with looked(session, folder) as (file, objects):
        found = [plain(thing, zone=objects.zone) for thing in objects.every(kind)]
    if as_json:
        emit({"simulated": file.simulated, "object": kind, "items": found})
        return
    mark(file.name, simulated=file.simulated)
    columns = _columns(found)
    click.echo(
        table(
            [name.replace("_", " ") for name in columns], ([_cell(one.get(name)) for name in columns] for one in found)
        )
    )


def _possible(row: Row) -> str:
    """Say a command and who may give it; long lists of rights stand in ``roles``."""
    rights = sorted(str(right) for right in row.by if right != "system")
    return f"{row.command} ({' or '.join(rights) if len(rights) <= 3 else 'most people'})" if rights else row.command


def told_of(thing: Thing, objects: Objects) -> tuple[str, ...]:
    """Give what an object says of itself in the light of others; of most nothing beyond their values."""
    told: Callable[[Site], tuple[str, ...]] | None = getattr(thing, "told", None)
    due = tuple(f"due {iso(one.by, zone=objects.zone)[:16]}: {one.what} ({one.owner})" for one in dues_of(thing))
    return (*(told(objects) if told else ()), *due)


def check_kind(kind: str) -> None:
    """Refuse an unknown kind of object with the nearest name; raises InputError."""
    if kind not in KINDS:
        close = difflib.get_close_matches(kind, KINDS, n=1, cutoff=0.5)
        meant = f"did you mean {close[0]!r}? " if close else ""
        raise InputError(f"object is {kind!r}; {meant}known: {', '.join(sorted(KINDS))}")


def plain(thing: Thing, *, zone: str) -> dict[str, object]:
    """Give an object's values as names and plain values; moments as text in the site's zone."""
    found: dict[str, object] = {"id": thing.id, "state": str(thing.state)}
    for one in fields(cast("DataclassInstance", thing)):
        value = getattr(thing, one.name)
        if isinstance(value, BaseModel):
            dumped = value.model_dump(mode="json").items()
            _add(found, one.name, {name: _value(name, part, zone=zone) for name, part in dumped})
        elif is_dataclass(value):
            _add(found, one.name, _parts(value, zone=zone))
        elif one.name not in found:
            found[one.name] = _value(one.name, value, zone=zone, moment=_is_moment(one))
    return found


def _add(found: dict[str, object], name: str, parts: Mapping[str, object]) -> None:
    """Add the values of a part; one whose name is taken says of what it is: ``until`` and ``incubation_until``."""
    for one, value in parts.items():
        found[f"{name}_{one}" if one in found else one] = value


def _parts(value: "DataclassInstance | type[DataclassInstance]", *, zone: str) -> dict[str, object]:
    return {
        one.name: _value(one.name, getattr(value, one.name), zone=zone, moment=_is_moment(one)) for one in fields(value)
    }


def _is_moment(one: "Field[object]") -> bool:
    """Tell whether a field holds moments, by its type."""
    return Instant.__name__ in str(one.type)


def _value(name: str, value: object, *, zone: str, moment: bool = False) -> object:
    if isinstance(value, float) and 0.0 < value < math.inf and (moment or name.endswith(_MOMENTS)):
        return iso(Instant(value), zone=zone)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, tuple | list):
        return [_value(name, part, zone=zone, moment=moment) for part in value]
    if isinstance(value, Mapping):
        return {str(key): _value(str(key), part, zone=zone) for key, part in value.items()}
    if is_dataclass(value):
        return _parts(value, zone=zone)
    return value


def _columns(found: Sequence[Mapping[str, object]]) -> list[str]:
    """Give the names that fit a line: those with a short value somewhere, in the order of the object."""
    names = dict.fromkeys(
        name
        for one in found
        for name, value in one.items()
        if isinstance(value, str | int | float) and value not in ("", 0, False)
    )
    return [name for name in names if not _is_hash(name, found)][:_COLUMNS]


def _is_hash(name: str, found: Sequence[Mapping[str, object]]) -> bool:
    """Tell whether a column holds digests, which say nothing in a list."""
    return all(re.fullmatch(r"[0-9a-f]{40,}", str(one.get(name) or "0" * 40)) for one in found)


def _cell(value: object) -> str:
    return shortened(words(value), _SHORT) if value is not None else ""


COMMANDS = {"show": show, "list": list_}
