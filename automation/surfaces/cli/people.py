"""``answer``: what a batch asks of people."""

import sys
from pathlib import Path

import click

from automation.engine.requests import Request, Signer
from automation.gmp.form import CHOICE, CODE, FILE
from automation.gmp.people.prompts import SIGNING, Prompt
from automation.gmp.words import Right
from automation.kernel.clock import iso
from automation.kernel.errors import InputError, RefusedError
from automation.ledger.blobs import Blobs
from automation.surfaces.cli.access import person, secret, signers
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, pair, session, site, tell

_ONE_FIELD = {"scan": CODE, "choose": CHOICE, "attach": FILE}
sign = click.option(
    "--sign", "others", multiple=True, metavar="MEANING=USER", help="Who else signs, for example verified=ben."
)


@click.command(epilog="Example: cellwright answer B-001.receive.1.1 --value =A99992600001700 --as anna --site ./site-a")
@click.argument("prompt")
@click.option(
    "--value", "values", multiple=True, metavar="NAME=VALUE", help="One for each field; a scan or choice needs no NAME."
)
@click.option("--file", "attached", type=click.Path(path_type=Path), help="File to attach.")
@click.option("--comment", default="", help="What a reviewer should know; the statement of a line clearance.")
@sign
@by
@site
@as_json
@session
def answer(  # noqa: PLR0913  as options
    session: Session,
    prompt: str,
    values: tuple[str, ...],
    attached: Path | None,
    *,
    comment: str,
    others: tuple[str, ...],
    by: str,
    folder: Path,
    as_json: bool,
) -> None:
    """Answer what a batch asks of people."""
    with looked(session, folder) as (file, objects):
        asked = objects.known("prompt", prompt)
        seen = objects.version(f"prompt/{prompt}")
    if not isinstance(asked, Prompt) or asked.opening is None:
        raise InputError(f"prompt {prompt} is {asked.state}; see what is open: cellwright status")
    if not asked.asking:
        raise RefusedError(_over(asked, zone=file.zone))
    who = person(file, by, Right(asked.opening.asks[0]))
    given: dict[str, object] = {}
    if asked.state in {"open", "claimed"}:
        given = dict(_values(asked, values))
        if attached is not None:
            given[FILE] = Blobs(folder / "blobs", sync=not file.simulated).put(_bytes(attached))
        given = given or _typed_in(asked)
    body: dict[str, object] = {"values": given, "comment": comment}
    wanted = SIGNING["witness"] if asked.state == "locked" else SIGNING.get(asked.wants, ())
    me = Signer(who, secret(file, who), "", _shown(asked, given))
    signed = signers(file, me, () if asked.state == "entered" else wanted, dict(pair(o, what="--sign") for o in others))
    request = Request(what="answer", target=prompt, body=body, by=who, secret=me.secret, signers=signed, seen=seen)
    done = send(session, folder, request)
    data = {"prompt": prompt, "state": done.state, "by": who, "event": done.seq}
    text = f"prompt {prompt} is {done.state} (by {who}, event {done.seq})"
    tell(text, data, simulated=file.simulated, as_json=as_json)


def _over(asked: Prompt, *, zone: str) -> str:
    """Say what became of a prompt that asks nobody any more."""
    by = f" by {asked.answered_by}" if asked.answered_by and asked.state == "answered" else ""
    by += f", verified by {asked.verified_by}" if by and asked.verified_by else ""
    at = f" at {iso(asked.answered_at, zone=zone)}" if by and asked.answered_at is not None else ""
    return f"prompt {asked.id} is {asked.state}{by}{at}; see what is open: cellwright status"


def _values(asked: Prompt, given: tuple[str, ...]) -> list[tuple[str, str]]:
    only = _ONE_FIELD.get(str(asked.opening.kind), "") if asked.opening and not asked.opening.fields else ""
    found: list[tuple[str, str]] = []
    for text in given:
        named = only and text.partition("=")[0] == only
        found.append((only, text) if only and not named else pair(text, what="--value"))
    return found


def _typed_in(asked: Prompt) -> dict[str, object]:
    """Ask field by field at a terminal; nothing where nobody sits."""
    opening = asked.opening
    if opening is None or not sys.stdin.isatty():
        return {}
    click.echo(opening.text, err=True)
    found: dict[str, object] = {}
    for one in opening.fields:
        unit = f" [{one.unit}]" if one.unit else ""
        choices = click.Choice(one.options) if one.options else None
        found[one.name] = click.prompt(f"{one.label or one.name}{unit}", type=choices, err=True)
    only = _ONE_FIELD.get(str(opening.kind), "")
    if not opening.fields and only:
        allowed = click.Choice(opening.options) if opening.options else None
        found[only] = click.prompt(only, type=allowed, err=True)
    return found


def _shown(asked: Prompt, given: dict[str, object]) -> str:
    """Give what is signed, in words."""
    text = asked.opening.text if asked.opening else ""
    already = dict(asked.values) or given
    return "\n".join([text, *(f"{name}: {value}" for name, value in already.items())])


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=f"--file {path}") from None


COMMANDS = {"answer": answer}
