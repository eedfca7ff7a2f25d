"""``amend``: a planned change to the steps of a batch that have not begun, from an amended recipe file.

Its author proposes and signs it, somebody else without a hand in the batch approves it; both sign what differs, in
words. It takes effect at the next step boundary.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from automation.engine import masters
from automation.engine.recipe.difference import differences
from automation.engine.requests import Request, Signer
from automation.gmp.amendments import Proposal
from automation.gmp.product.batches import Batch
from automation.gmp.words import Meaning, Right
from automation.kernel.errors import InputError
from automation.surfaces.cli.access import person, secret, signers
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import SHORTEST, Session, as_json, by, emit, mark, session, site, tell

_RIGHTS = {"propose": Right.ISSUE, "amend": Right.APPROVE, "withdraw": Right.ISSUE}
_SAID = {"propose": "proposed; somebody else approves it", "amend": "approved", "withdraw": "withdrawn"}
_SIGNS = {"propose": (Meaning.AUTHORED,), "amend": (Meaning.APPROVED,), "withdraw": ()}


@click.command(
    epilog="Example: cellwright amend B-001 wider.yaml --reason 'more medium is needed' --as carla proposes it; "
    "cellwright amend B-001 --approve --as dora approves it; cellwright amend B-001 shows how it stands"
)
@click.argument("batch")
@click.argument("recipe", required=False, metavar="[FILE]")
@click.option("--reason", default="", metavar="TEXT", help="Why, in words that a reviewer understands.")
@click.option("--approve", "command", flag_value="amend", help="Approve the open amendment.")
@click.option("--withdraw", "command", flag_value="withdraw", help="Give the open amendment up.")
@by
@site
@as_json
@session
def amend(  # noqa: PLR0913  as options
    session: Session,
    /,
    batch: str,
    recipe: str | None,
    *,
    command: str | None,
    folder: Path,
    as_json: bool,
    **given: str,
) -> None:
    """Change the steps of a batch that have not begun."""
    if recipe and command:
        raise click.UsageError(f"{recipe} is proposed, or what is open is decided about; one at a time")
    command = "propose" if recipe else command
    if command is None:
        _show(session, folder, batch, as_json=as_json)
        return
    if command != "amend" and len(given["reason"]) < SHORTEST:
        raise click.UsageError(f"--reason is {given['reason']!r}; at least {SHORTEST} characters are needed")
    thing, seen = _known(session, folder, batch)
    file = session.opener.site(folder)
    who = person(file, given["by"], _RIGHTS[command])
    body, shown = _proposed(session, folder, thing, recipe) if recipe else _decided(thing, command)
    if command != "amend":
        body["reason"] = given["reason"]
        shown = f"{shown}\nreason: {given['reason']}"
    me = Signer(who, secret(file, who), "", shown)
    request = Request(
        what="propose" if recipe else "do",
        target=batch if recipe else f"batch/{batch}",
        command=command,
        body=body,
        by=who,
        secret=me.secret,
        signers=signers(file, me, _SIGNS[command], {}),
        seen=seen,
    )
    done = send(session, folder, request)
    data = {"batch": batch, "command": command, "by": who, "state": done.state, "event": done.seq}
    text = f"batch {batch}: {_SAID[command]} ({who}, event {done.seq})"
    tell(text, data, simulated=file.simulated, as_json=as_json)


def _known(session: Session, folder: Path, batch: str) -> tuple[Batch, int]:
    """Give a batch and its version; raises InputError for one that was never issued."""
    with looked(session, folder) as (_, objects):
        thing = objects.known("batch", batch)
        if not isinstance(thing, Batch):
            raise TypeError(thing)
        return thing, objects.version(f"batch/{batch}")


def _proposed(session: Session, folder: Path, thing: Batch, recipe: str) -> tuple[dict[str, object], str]:
    """Give what a proposal states, and what its author sees and signs."""
    operations = dict(session.opener.operations())
    raw = masters.content(recipe)
    amended = masters.revised(thing, raw, operations, name=Path(recipe).name)
    found = differences(masters.recall(folder, thing, operations), amended)
    shown = _words(thing.id, len(thing.amendments) + 1, [one.sentence for one in found])
    return {"recipe": raw.decode(), "name": Path(recipe).name}, shown


def _decided(thing: Batch, command: str) -> tuple[dict[str, object], str]:
    """Give what an approval or withdrawal states, and what is seen and signed."""
    waiting = thing.open_amendment
    if waiting is None:
        raise InputError(f"batch {thing.id} has no open amendment; propose one with its file")
    stated = waiting.proposal
    body: dict[str, object] = {"number": stated.number}
    if command == "amend":
        body["recipe_digest"] = stated.recipe_digest
    return body, _stated(thing.id, stated, author=waiting.author)


def _stated(batch: str, stated: Proposal, *, author: str) -> str:
    return f"{_words(batch, stated.number, stated.differences)}\nreason of {author}: {stated.reason}"


def _words(batch: str, number: int, sentences: Sequence[str]) -> str:
    """Give the difference in words."""
    return "\n".join([f"amendment {number} of batch {batch}:", *(f"  {one}" for one in sentences)])


def _show(session: Session, folder: Path, batch: str, *, as_json: bool) -> None:
    """Show every amendment of a batch, and how it stands."""
    thing, _ = _known(session, folder, batch)
    file = session.opener.site(folder)
    if as_json:
        rows = [
            {"number": one.proposal.number, "stage": str(one.stage), "author": one.author, "why": one.why}
            | {"approved_by": one.approved_by, "reason": one.proposal.reason}
            | {"differences": list(one.proposal.differences)}
            for one in thing.amendments
        ]
        emit({"simulated": file.simulated, "batch": batch, "amendments": rows})
        return
    mark(file.name, simulated=file.simulated)
    for one in thing.amendments:
        stands = f"{one.stage}" + (f": {one.why}" if one.why else "")
        click.echo(f"{_stated(batch, one.proposal, author=one.author)}\n{stands}")
    if not thing.amendments:
        click.echo(f"batch {batch} goes by its recipe as it was issued")


COMMANDS = {"amend": amend}
