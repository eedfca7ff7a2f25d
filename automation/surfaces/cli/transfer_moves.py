"""``transfer plan`` and ``transfer conclude``: moves that state what a file says, under its SHA-256.

The file itself is kept in the site folder (``blobs``) before the move is made: it is there as long as the record.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from automation.engine.recipe.load import load
from automation.engine.requests import Request, Signer
from automation.gmp.registry import KINDS
from automation.gmp.words import Right
from automation.kernel.errors import InputError
from automation.ledger.blobs import Blobs
from automation.ledger.verify_blobs import FOLDER
from automation.surfaces.cli.access import person, secret, signers
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, pair, session, site, tell
from automation.surfaces.cli.people import sign
from automation.views.transfer.concluded import concluded
from automation.views.transfer.gap import blocking
from automation.views.transfer.package import Frozen, thawed
from automation.views.transfer.units import Unit
from automation.views.wording import show

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@dataclass(frozen=True, slots=True)
class _Said:
    """A move of one object, what it states, and what of that is shown before it is signed."""

    stream: str
    command: str
    file: bytes
    body: Mapping[str, object]
    shown: tuple[str, ...]


@click.command(
    "plan", epilog="Example: cellwright transfer plan T-1 package.json --owner carla --due 2027-03-31T17:00 --as dora"
)
@click.argument("name", metavar="ID")
@_FILE
@click.option("--owner", required=True, metavar="USER", help="Who carries it out.")
@click.option("--due", required=True, metavar="MOMENT", help="To be evaluated by.")
@sign
@by
@site
@as_json
@session
def plan_command(  # noqa: PLR0913  as options
    session: Session,
    /,
    name: str,
    file: Path,
    *,
    owner: str,
    due: str,
    others: tuple[str, ...],
    by: str,
    folder: Path,
    as_json: bool,
) -> None:
    """State a package as the plan of a transfer: `do transfer ID plan` with what stands in the file."""
    raw = _read(file)
    frozen = thawed(raw, where=str(file))
    sha256 = hashlib.sha256(raw).hexdigest()
    with looked(session, folder) as (here, objects):
        if frozen.simulated and not here.simulated:
            raise InputError(
                "the package is of a simulated site, of which nothing counts at a live one", where=str(file)
            )
        if frozen.receiving.ledger != objects.reader.genesis.ledger:
            raise InputError(f"the package is for {frozen.receiving.name}, and {folder} has another ledger")
        _check_stale(session, frozen, Unit(here, objects), where=str(file))
        command = "replan" if objects.find("transfer", name).state == "planned" else "plan"
    body = {**frozen.plan(sha256), "owner": owner, "due": due}
    told = (f"package {sha256}", f"gaps {len(frozen.gaps)}", f"owner {owner}, due {due}")
    _state(session, folder, _Said(f"transfer/{name}", command, raw, body, told), by=by, others=others, as_json=as_json)


@click.command(
    "conclude",
    epilog="Example: cellwright transfer conclude T-1 report.json --conclusion 'The process is the same' --as dora",
)
@click.argument("name", metavar="ID")
@_FILE
@click.option("--conclusion", required=True, metavar="TEXT", help="What is concluded from it, in own words.")
@sign
@by
@site
@as_json
@session
def conclude_command(  # noqa: PLR0913  as options
    session: Session,
    /,
    name: str,
    file: Path,
    *,
    conclusion: str,
    others: tuple[str, ...],
    by: str,
    folder: Path,
    as_json: bool,
) -> None:
    """State what the report of a transfer or a process qualification came to: its verdict, deviations and SHA-256."""
    raw = _read(file)
    found = concluded(raw, where=str(file))
    if found.stream.partition("/")[2] != name:
        raise InputError(f"the report is of {found.stream}, not of {name}", where=str(file))
    body = found.body(sha256=hashlib.sha256(raw).hexdigest(), conclusion=conclusion)
    told = tuple(f"{key}: {show(value)}" for key, value in body.items())
    _state(session, folder, _Said(found.stream, found.command, raw, body, told), by=by, others=others, as_json=as_json)


def _check_stale(session: Session, frozen: Frozen, here: Unit, *, where: str) -> None:
    """Refuse a package that is silent on what blocks here now; raises InputError."""
    operations = session.opener.operations()
    try:
        recipe = load(frozen.recipe, operations)
    except InputError:
        return  # it was named by its file
    known = {one.id for one in frozen.gaps}
    silent = [one for one in blocking(here, recipe, operations) if one.id not in known]
    if silent and recipe.digest == frozen.digest:
        told = "; ".join(one.sentence for one in silent)
        raise InputError(f"the package is silent on what blocks now: {told}; write it anew", where=where)


def _state(  # noqa: PLR0913  as options
    session: Session, folder: Path, said: _Said, *, by: str, others: tuple[str, ...], as_json: bool
) -> None:
    """Move an object, signed by whoever does it, and say how it stands."""
    kind, _, name = said.stream.partition("/")
    row = next(row for row in KINDS[kind].table.rows if row.command == said.command)
    with looked(session, folder) as (file, objects):
        version = objects.version(said.stream)
    who = person(file, by, Right.REVIEW)
    Blobs(folder / FOLDER, sync=not file.simulated).put(said.file)
    me = Signer(who, secret(file, who), "", "\n".join([f"{said.command} {kind} {name}", *said.shown]))
    request = Request(
        what="do",
        target=said.stream,
        command=said.command,
        body=dict(said.body),
        by=who,
        secret=me.secret,
        signers=signers(file, me, row.signs, dict(pair(other, what="--sign") for other in others)),
        seen=version,
    )
    done = send(session, folder, request)
    data = {"id": name, "command": said.command, "state": done.state, "by": who, "event": done.seq}
    text = f"{kind} {name} is {done.state} ({said.command} by {who}, event {done.seq})"
    tell(text, data, simulated=file.simulated, as_json=as_json)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=str(file)) from None


COMMANDS = (plan_command, conclude_command)
