"""``verify``: how far a ledger, site folder, exported record or sealed PDF is whole, signed and anchored."""

from pathlib import Path

import click
import msgspec

from automation.kernel.errors import InputError
from automation.ledger.verdict import FirstBad, Verdict
from automation.ledger.verify import verify as check
from automation.ledger.verify_blobs import verify_blobs
from automation.surfaces.cli.common import as_json, emit, pairs, say_no
from automation.surfaces.cli.sealing import tell_sealed

_FOR_PEOPLE, _SEALABLE = ".html", ".pdf"


@click.command(epilog="Example: cellwright verify ./site-a --key site.pub --head 2ce25eb9...")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--key", type=click.Path(path_type=Path), help="File with the site's public key, 64 hex digits, kept elsewhere."
)
@click.option("--head", default=None, metavar="HEX", help="Hash of an event that was noted elsewhere.")
@click.option(
    "--trust", type=click.Path(path_type=Path), help="PEM file with the anchor of the seal of a PDF, kept elsewhere."
)
@as_json
def verify(path: Path, key: Path | None, head: str | None, *, trust: Path | None, as_json: bool) -> None:
    """Check a ledger, site folder, exported record (.json) or sealed PDF."""

    def checked(place: Path) -> Verdict:
        return _read_too(place, check(place, key=_key(key) if key else None, head=head))

    if path.suffix.lower() == _FOR_PEOPLE and path.is_file():
        raise InputError(f"{path} is for people; what verifies alone is the same record as .json: cellwright record")
    if path.suffix.lower() == _SEALABLE and path.is_file():
        tell_sealed(path, trust, checked, said=said, as_json=as_json)
        return
    if trust is not None:
        raise InputError(f"--trust is for the seal of a PDF file, and {path} is none")
    found = checked(path)
    if as_json:
        emit({"simulated": found.mode == "simulated", **msgspec.structs.asdict(found)})
    else:
        click.echo(said(found))
    if not found.intact:
        say_no()


def _read_too(path: Path, found: Verdict) -> Verdict:
    """Check also what people read in a batch record, and the kept files of a site: they have to be what events say."""
    if not found.intact:
        return found
    if found.kind != "record":
        wrong_files = verify_blobs(path) if path.is_dir() else ()
        return msgspec.structs.replace(found, intact=not wrong_files, bad_files=wrong_files)
    from automation.views.redrawn import difference  # noqa: PLC0415  draws the record anew, which a ledger has no need of

    wrong = difference(path)
    return msgspec.structs.replace(found, intact=False, first_bad=FirstBad(0, wrong), notes=()) if wrong else found


def said(found: Verdict) -> str:
    """Say what a check found, for people."""
    mark = "SIMULATED " if found.mode == "simulated" else ""
    name = f"{mark}{found.kind}{f' of {found.site}' if found.site else ''}"
    if found.first_bad is not None:
        bad = found.first_bad
        where = f"First bad: event {bad.seq}: " if bad.seq else "Its events are, and what people read is not: "
        title = f"{name}: NOT INTACT. {where}{bad.what}"
    elif found.bad_files:
        title = f"{name}: NOT INTACT. Its {found.events} events are whole, and its files are not:"
        title = "\n".join([title, *found.bad_files])
    else:
        title = f"{name}: intact, {found.events} events"
    trust = "given from outside and right" if found.trusted else "read from the ledger itself"
    rows = {
        "head": found.head or "none",
        "signed to": f"event {found.signed_to}",
        "anchored to": f"event {found.anchored_to}",
    }
    if found.signed_by:
        rows["key"] = f"{found.signed_by} ({trust})"
    return "\n".join([title, pairs(rows), *(f"note: {text}" for text in found.notes)])


def _key(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (ValueError, UnicodeDecodeError):
        key = b""
    if len(key) != 32:
        raise InputError("no public key: a file with 64 hex digits is needed", where=f"--key {path}")
    return key


COMMANDS = {"verify": verify}
