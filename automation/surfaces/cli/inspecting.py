"""``inspect`` and ``dossier``: an inspector's looks, each on the record first, and all that is known of one thing."""

import hashlib
import io
import zipfile
from pathlib import Path

import click

from automation.engine.requests import Request, Signer
from automation.gmp.certificates import certificate
from automation.gmp.codes import moment
from automation.gmp.product.releases import Release
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.ledger.blobs import Blobs
from automation.ledger.verify import verify
from automation.surfaces.cli.access import person, secret
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, say_no, session, site, tell
from automation.surfaces.cli.quality import check_outside
from automation.surfaces.documents.analyses import page
from automation.surfaces.documents.comparison import comma_separated
from automation.surfaces.documents.record import render
from automation.views.analyses import FIELDS, batch_analyses, of_analyses
from automation.views.batch_record import batch_record
from automation.views.dossier import About, Stretch, files, of_device, of_lot, of_period
from automation.views.objects import Objects

_LOOKS = "show list worklist due status trace roles policies documents causes risks narrative".split()  # noqa: SIM905  as one types them
_OLDEST = (1980, 1, 1, 0, 0, 0)  # the first moment that an archive can hold; the same files are the same bytes


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="Example: cellwright inspect --as ines --site ./site-a INS-1 show batch B-001",
)
@click.argument("inspection")
@site
@by
@as_json
@click.argument("words", nargs=-1, required=True, metavar="COMMAND...", type=click.UNPROCESSED)
@click.pass_context
def inspect(  # noqa: PLR0913  as options
    ctx: click.Context, inspection: str, words: tuple[str, ...], folder: Path, *, by: str, as_json: bool
) -> None:
    """Look at the site as an inspector; every look is on the record before it is shown."""
    opener: Session = ctx.obj
    name, *rest = words
    if name not in _LOOKS:
        raise InputError(f"{name!r} is nothing that an inspector looks with; possible: {', '.join(_LOOKS)}")
    file = opener.opener.site(folder)
    who = person(file, by)
    body: dict[str, object] = {"what": " ".join(words)}
    stream = f"inspection/{inspection}"
    me = Signer(who, secret(file, who))
    look = Request(what="do", target=stream, command="look", body=body, by=who, secret=me.secret, signers=(me,))
    send(opener, folder, look)
    command = ctx.find_root().command
    found = command.get_command(ctx, name) if isinstance(command, click.Group) else None
    if found is None:
        raise InputError(f"{name!r} is no command")
    said = [*rest, "--site", str(folder), *(["--json"] if as_json else [])]
    status = found.main(said, prog_name=f"cellwright {name}", standalone_mode=False, obj=opener)
    if status:
        raise click.exceptions.Exit(int(status))


@click.command(epilog="Example: cellwright dossier lot B-001 -o B-001.zip --site ./site-a")
@click.argument("about", type=click.Choice([str(one) for one in About]))
@click.argument("which", metavar="BATCH|ASSET|FROM/TO|SPECIFICATION")
@site
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="ZIP file.")
@as_json
@session
def dossier(session: Session, about: str, which: str, folder: Path, *, output: Path, as_json: bool) -> None:  # noqa: PLR0913  as options
    """Put all that is on record about a lot, an asset or a period into one file.

    ``analyses`` brings all results by one specification, as tables for a submission. Exit status 1 for a ledger that is
    not intact, which index and manifest then say.
    """
    check_outside(output, folder)
    with looked(session, folder) as (file, objects):
        title = f"Dossier of {about} {which}"
        streams, bad = _streams(objects, About(about), which), verify(folder).first_bad
        wrong = f"event {bad.seq}: {bad.what}" if bad is not None else ""
        found = files(objects, title, streams, _more(objects, About(about), which, folder), wrong=wrong)
    raw = _packed(found)
    write_whole(output, raw)
    digest = hashlib.sha256(raw).hexdigest()
    text = f"{title}: {output}, {len(found)} files; SHA-256 {digest}"
    data: dict[str, object] = {"about": about, "which": which, "file": str(output), "files": list(found)}
    data |= {"sha256": digest, "intact": not wrong}
    told = f"{text}\nthe ledger is NOT INTACT: {wrong}" if wrong else text
    tell(told, data, simulated=file.simulated, as_json=as_json)
    if wrong:
        say_no()


def _streams(objects: Objects, about: About, which: str) -> tuple[str, ...]:
    if about is About.LOT:
        return of_lot(objects, which)
    if about is About.ASSET:
        return of_device(objects, which)
    if about is About.ANALYSES:
        return of_analyses(objects, which)
    return of_period(objects, _stretch(which, zone=objects.zone))


def _stretch(which: str, *, zone: str) -> Stretch:
    """Read FROM/TO; raises InputError for anything else, and for an end that is not after its beginning."""
    begin, _, end = which.partition("/")
    try:
        found = Stretch(moment(begin, zone=zone), moment(end, zone=zone))
    except ValueError:
        msg = f"period is {which!r}; FROM/TO is needed, for example 2026-01-01/2026-04-01"
        raise InputError(msg) from None
    if found.end <= found.begin:
        raise InputError(
            f"period is {which!r}; it has to end after it began: FROM/TO, for example 2026-01-01/2026-04-01"
        )
    return found


def _more(objects: Objects, about: About, which: str, folder: Path) -> dict[str, bytes]:
    """Give the batch record of a lot as a page and as data with proofs, and its certificate; of analyses the tables."""
    if about is About.ANALYSES:
        lines = list(batch_analyses(objects, which))
        marked = ((*line, "SIMULATED") if objects.simulated else line for line in lines)
        heads = (*FIELDS, *(("simulated",) if objects.simulated else ()))
        tables = {"csv": comma_separated(heads, marked), "html": page(which, lines, simulated=objects.simulated)}
        return {f"batch-analyses.{form}": data for form, data in tables.items()}
    if about is not About.LOT:
        return {}
    made = batch_record(objects.reader, Blobs(folder / "blobs", sync=False), which)
    found = {f"record.{form}": render(made, form, reader=objects.reader) for form in ("html", "json")}
    release = objects.find("release", which)
    if isinstance(release, Release) and release.specification:
        found["certificate.json"] = certificate(objects, which, specification=release.specification).text
    return found


def _packed(found: dict[str, bytes]) -> bytes:
    """Give the files as one archive; the same files give the same bytes."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in found.items():
            archive.writestr(zipfile.ZipInfo(name, _OLDEST), data, zipfile.ZIP_DEFLATED)
    return raw.getvalue()


COMMANDS = {"inspect": inspect, "dossier": dossier}
