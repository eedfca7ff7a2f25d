"""``do``: move any object by a command of its table; the fields are those of the row."""

import difflib
import json
from collections.abc import Mapping
from enum import EnumType
from pathlib import Path
from typing import get_origin

import click
from pydantic.fields import FieldInfo

from automation.engine.requests import RENEW, RESET, Request, Signer
from automation.gmp.objects import Thing
from automation.gmp.registry import KINDS
from automation.gmp.words import Right
from automation.kernel.errors import InputError
from automation.kernel.machine import Row
from automation.surfaces.cli.access import chosen, person, secret, signers
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, pair, pairs, site, tell
from automation.surfaces.cli.looking import check_kind
from automation.surfaces.cli.people import sign
from automation.views.wording import show as words

_NAMED = 3  # words before the fields: object, id, command
_OPEN = {"ignore_unknown_options": True, "allow_extra_args": True}


class _Do(click.Command):
    """``do`` with the fields of the command that is named before ``--help``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the fields where an object, an id and a command were named; all else goes its way."""
        named = args[:_NAMED]
        if len(args) > _NAMED and {"-h", "--help"} & set(args) and not any(word.startswith("-") for word in named):
            kind, name, command = named
            check_kind(kind)
            click.echo(_form(kind, name, rows=_rows(kind, command=command)))
            ctx.exit()
        return super().parse_args(ctx, args)


@click.command(
    "do",
    cls=_Do,
    context_settings=_OPEN,
    epilog="Example: cellwright do asset crf-01 clean --procedure SOP-017 --as anna --site ./site-a. "
    "The commands of an object: cellwright roles --object asset; the fields of one: cellwright do asset crf-01 clean "
    "--help.",
)
@click.argument("kind", metavar="OBJECT")
@click.argument("name", metavar="ID")
@click.argument("command")
@sign
@by
@site
@as_json
@click.pass_context
def do(  # noqa: PLR0913  as options
    ctx: click.Context,
    kind: str,
    name: str,
    command: str,
    *,
    others: tuple[str, ...],
    by: str,
    folder: Path,
    as_json: bool,
) -> None:
    """Move any object by one of its commands."""
    check_kind(kind)
    opener: Session = ctx.obj
    with looked(opener, folder) as (file, objects):
        thing, version = objects.find(kind, name), objects.version(f"{kind}/{name}")
    row = _row(kind, thing, command=command)
    body = _body(row, _fields(ctx.args))
    who = person(file, by, *(Right(right) for right in sorted(row.by)[:1] if right != Right.SYSTEM))
    shown = "\n".join([f"{command} {kind} {name}", *(f"{field}: {words(value)}" for field, value in body.items())])
    me = Signer(who, secret(file, who), "", shown)
    if command in {RENEW, RESET}:
        body["secret"] = chosen(name)  # goes to the keeper of secrets, never into the record
    signed = signers(file, me, row.signs, dict(pair(other, what="--sign") for other in others))
    shown_yet = bool(version) or str(row.source) == str(thing.state)  # else the site file makes it at the opening
    request = Request(
        what="do",
        target=f"{kind}/{name}",
        command=command,
        body=body,
        by=who,
        secret=me.secret,
        signers=signed,
        seen=version if row.signs and shown_yet else None,  # what is signed is the object as it was shown
    )
    done = send(opener, folder, request)
    data = {"object": kind, "id": name, "command": command, "state": done.state, "by": who, "event": done.seq}
    text = f"{kind} {name} is {done.state} ({command} by {who}, event {done.seq})"
    tell(text, data, simulated=file.simulated, as_json=as_json)


def _row(kind: str, thing: Thing, *, command: str) -> Row:
    """Give the row of the command; one that no state knows is wrong input, else the door decides."""
    rows = _rows(kind, command=command)
    return next((row for row in rows if str(row.source) == str(thing.state)), rows[0])


def _rows(kind: str, *, command: str) -> list[Row]:
    """Give the rows of a command; raises InputError with the nearest one for what no state knows."""
    rows = [row for row in KINDS[kind].table.rows if row.command == command]
    if not rows:
        known = sorted({row.command for row in KINDS[kind].table.rows})
        close = difflib.get_close_matches(command, known, n=1, cutoff=0.5)
        meant = f"did you mean {close[0]!r}? " if close else ""
        raise InputError(f"command is {command!r}; {meant}a {kind} knows: {', '.join(known)}")
    return rows


def _form(kind: str, name: str, *, rows: list[Row]) -> str:
    """Give the fields of a command as lines: name, whether it is needed, label, help, unit."""
    row = rows[0]
    fields: Mapping[str, FieldInfo] = getattr(row.body, "model_fields", {})
    way = f"from {' or '.join(str(one.source) for one in rows)} to {row.dest}"
    rights = " or ".join(sorted(map(str, row.by - {Right.SYSTEM}))) or "that the program alone has"
    said = [
        f"cellwright do {kind} {name} {row.command} --FIELD VALUE ... --as USER",
        f"{way}; needs the right {rights}",
    ]
    said += [f"signed as {', then '.join(map(str, row.signs))}"] if row.signs else []
    lines = {f"--{field.replace('_', '-')}": _meaning(one) for field, one in fields.items()}
    return "\n".join([*said, "", pairs(lines) or "no fields"])


def _meaning(one: FieldInfo) -> str:
    """Say what a field is: label, unit, help, and whether it may be left out."""
    more = one.json_schema_extra
    unit = str(more.get("unit", "")) if isinstance(more, dict) else ""
    a_list = "a list" if _is_list(one) else ""
    choices = ", ".join(str(part) for part in one.annotation) if isinstance(one.annotation, EnumType) else ""
    parts = (one.description, choices and f"one of: {choices}", a_list, "" if one.is_required() else "may be left out")
    return "; ".join(part for part in (f"{one.title or ''}{unit and f' ({unit})'}", *parts) if part)


def _fields(words: list[str]) -> dict[str, str]:
    """Read ``--field value`` and ``--field=value``."""
    found: dict[str, str] = {}
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--"):
            raise InputError(f"{word!r} stands alone; write --FIELD VALUE")
        name, sign_, value = word[2:].partition("=")
        if not sign_:
            if not left:
                raise InputError(f"--{name} has no value; write --{name} VALUE")
            value = left.pop(0)
        field = name.replace("-", "_")
        if field in found:
            raise InputError(f"--{name} is given twice")
        found[field] = value
    return found


def _body(row: Row, given: Mapping[str, str]) -> dict[str, object]:
    """Give the body; text is read as JSON where the field is a list or an object, and as the one item of a list."""
    known: Mapping[str, object] = getattr(row.body, "model_fields", {})
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            meant = f"did you mean --{close[0]}? " if close else ""
            raise InputError(f"--{name} is no field of {row.command}; {meant}its fields: {', '.join(known) or 'none'}")
    return {name: _value(text, a_list=_is_list(known[name])) for name, text in given.items()}


def _is_list(field: object) -> bool:
    return get_origin(getattr(field, "annotation", None)) is tuple


def _value(text: str, *, a_list: bool) -> object:
    if not text.startswith(("[", "{")):
        return [text] if a_list else text
    try:
        found: object = json.loads(text)
    except ValueError:
        return text
    return found


COMMANDS = {"do": do}
