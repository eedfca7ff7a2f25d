"""What commands share that write sealed PDF files, and what ``verify`` says of one."""

import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from automation.kernel.clock import SystemClock
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Instant
from automation.ledger.verdict import Verdict
from automation.ledger.verify import verify
from automation.surfaces.cli.common import emit, pairs, say_no

if TYPE_CHECKING:
    from automation.engine.sitemodel import SiteFile

Sealer = Callable[[bytes], bytes]

seal = click.option("--seal", "sealing", is_flag=True, help="Seal the PDF file with the site's certificate.")


def sealer(folder: Path, file: "SiteFile", *, last: Instant) -> Sealer:
    """Give what seals a PDF file now; ``last`` is the moment of the last event, which is now at a simulated site.

    Raises InputError where pyHanko is not installed or the site has no certificate, RefusedError for one that does not
    hold now, and for a ledger that is not intact: a seal would vouch for pages that nobody recorded.
    """
    _needed()
    bad = verify(folder).first_bad
    if bad is not None:
        raise RefusedError(f"the ledger is not intact, and nothing of it is sealed: event {bad.seq}: {bad.what}")
    from automation.surfaces.seals.keys import key_of  # noqa: PLC0415  only for who seals
    from automation.surfaces.seals.sealing import Stated, sealed  # noqa: PLC0415  as above
    from automation.surfaces.seals.words import reason  # noqa: PLC0415  as above

    now = last if file.simulated else SystemClock().now()
    key = key_of(folder, file, now=now)
    stated = Stated(now, file.zone, reason(file.name, simulated=file.simulated), file.name)
    return lambda pdf: sealed(pdf, key, stated)


def check_form(form: str, *, sealing: bool) -> None:
    """Refuse to seal what is no PDF; raises InputError."""
    if sealing and form != "pdf":
        raise InputError(f"--seal is for PDF files, and this one is written as .{form}")


def tell_sealed(
    path: Path, trust: Path | None, check: Callable[[Path], Verdict], *, said: Callable[[Verdict], str], as_json: bool
) -> None:
    """Say what the seal of a PDF file and the record in it came to; exit status 1 when either is not what it was.

    ``check`` judges the record, ``said`` puts that in words. Raises InputError for a file without a seal.
    """
    _needed()
    from automation.surfaces.seals.checking import check as judged  # noqa: PLC0415  only for sealed files

    found = judged(path.read_bytes(), anchors=_anchors(trust) if trust else ())
    if found is None:
        msg = (
            f"{path} has no seal and is for people; what verifies alone is the same record as .json: cellwright record"
        )
        raise InputError(msg)
    seal, inside = found
    record = _of_record(inside, check) if inside and seal.intact else None
    good = seal.intact and not seal.wrong and (record is None or record.intact)
    simulated = seal.says.startswith("SIMULATED")
    if as_json:
        emit({"simulated": simulated, "kind": "sealed pdf", "intact": good, "seal": seal, "record": record})
    else:
        mark = "SIMULATED " if simulated else ""
        title = f"{mark}sealed PDF: {'intact' if seal.intact else 'NOT INTACT'}{_why(seal.wrong)}"
        rows = {
            "sealed by": seal.by,
            "at": seal.at,
            "says": seal.says,
            "certificate": f"of {seal.issued_by}, {seal.holds_from[:10]} to {seal.holds_to[:10]}",
            "trust": "under the anchor given" if seal.trusted else "none",
        }
        shown = [title, *([pairs(rows)] if seal.by else []), *(f"note: {text}" for text in seal.notes)]
        click.echo("\n".join([*shown, *(["", said(record)] if record else [])]))
    if not good:
        say_no()


def _why(wrong: str) -> str:
    return f". {wrong[0].upper()}{wrong[1:]}" if wrong else ""


def _of_record(data: bytes, check: Callable[[Path], Verdict]) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "record.json"
        place.write_bytes(data)
        return check(place)


def _anchors(path: Path) -> list[bytes]:
    """Read the certificates of a PEM file; raises InputError for anything else."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        found = []
    if not found:
        raise InputError("no certificate: a PEM file with the site's anchor is needed", where=f"--trust {path}")
    return [one.public_bytes(Encoding.DER) for one in found]


def _needed() -> None:
    if find_spec("pyhanko") is None:
        raise InputError("seals are made and read by pyHanko, which is not installed: pip install 'cellwright[sign]'")
