"""``walkthrough``: pages that lead an inspector through a site, asked for on the record, with nothing that can edit."""

import hashlib
from pathlib import Path

import click
import msgspec

from automation.engine.requests import Request, Signer
from automation.gmp.quality.inspections import Inspection
from automation.kernel.clock import MICRO, iso
from automation.kernel.errors import InputError
from automation.kernel.files import write_folder
from automation.kernel.quantity import Instant
from automation.ledger.blobs import Blobs
from automation.ledger.verdict import Verdict
from automation.ledger.verify import verify as check
from automation.surfaces.cli.access import person, secret
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, emit, mark, say_no, session, site
from automation.surfaces.cli.quality import check_outside
from automation.surfaces.documents.walkthrough import Cover, pages
from automation.views.masking import Mask, identifiers
from automation.views.objects import Objects
from automation.views.walkthrough import Chapter, Walk, chapters_of, latest_batch, sections

MANIFEST = "manifest.json"
_REASON = 3  # characters, as of every reason on record


@click.command(epilog="Example: cellwright walkthrough INS-1 --as ines --batch B-001 -o ./INS-1 --site ./site-a")
@click.argument("inspection")
@site
@by
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new folder.")
@click.option("--chapter", "names", multiple=True, metavar="NAME", help=f"Of: {', '.join(Chapter)}; else all.")
@click.option("--batch", default="", help="Which batch is followed; else the one that ended last.")
@click.option("--unmasked", default="", metavar="REASON", help="Show identifiers of patients; the reason is recorded.")
@as_json
@session
def walkthrough(  # noqa: PLR0913  as options
    session: Session,
    inspection: str,
    folder: Path,
    *,
    by: str,
    output: Path,
    names: tuple[str, ...],
    batch: str,
    unmasked: str,
    as_json: bool,
) -> None:
    """Write pages that lead an inspector through the site; that they were asked for is on the record first.

    Exit status 1 for a ledger that is not intact, which every page then says.
    """
    check_outside(output / MANIFEST, folder)
    if output.exists() and any(output.iterdir()):
        raise InputError(f"-o is {output}, and there is something in it; a new folder is needed")
    if unmasked and len(unmasked.strip()) < _REASON:
        raise InputError(f"--unmasked is {unmasked!r}; it needs the reason, which is recorded")
    chapters = chapters_of(names)
    with looked(session, folder) as (_, objects):
        batch = batch or latest_batch(objects)
        if batch:
            objects.known("batch", batch)
    _record(session, folder, inspection, chapters=chapters, batch=batch, unmasked=unmasked, by=by)
    with looked(session, folder) as (file, objects):
        mask = Mask(()) if unmasked else Mask(identifiers(objects))
        walk = Walk(objects, batch, Blobs(folder / "blobs", sync=False))
        found = {chapter: sections(chapter, walk) for chapter in chapters}
        checked = check(folder)
        cover = _cover(objects, inspection, site=file.name, unmasked=unmasked, checked=checked)
    files = pages(cover, found, mask)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    as_of = {"as_of": cover.seq, "head": cover.head, "intact": checked.intact}
    said = {"inspection": inspection, **as_of, "masked": not unmasked, "files": digests}
    manifest = msgspec.json.format(msgspec.json.encode({"simulated": cover.simulated, **said}), indent=2)
    write_folder(output, {**files, MANIFEST: manifest})
    if as_json:
        emit({"simulated": cover.simulated, "folder": str(output), **said})
    else:
        mark(cover.site, simulated=cover.simulated)
        click.echo(f"walkthrough for inspection {inspection}: {output / 'index.html'}, {len(found)} chapters")
        click.echo(f"as of event {cover.seq}, head {cover.head}\n{cover.ledger_is}\n{cover.masked}")
    if not checked.intact:
        say_no()


def _record(  # noqa: PLR0913  what is recorded
    session: Session,
    folder: Path,
    inspection: str,
    *,
    chapters: tuple[Chapter, ...],
    batch: str,
    unmasked: str,
    by: str,
) -> None:
    """Put on the record who asked for which pages, as a look; raises RefusedError as the door does."""
    file = session.opener.site(folder)
    who = person(file, by)
    shown = f", identifiers shown: {unmasked}" if unmasked else ", identifiers masked"
    what = f"walkthrough: {', '.join(chapters)}{f'; batch {batch}' if batch else ''}{shown}"
    me = Signer(who, secret(file, who))
    stream = f"inspection/{inspection}"
    look = Request(
        what="do", target=stream, command="look", body={"what": what}, by=who, secret=me.secret, signers=(me,)
    )
    send(session, folder, look)


def _state(checked: Verdict) -> str:
    """Say how far the ledger is whole."""
    if checked.first_bad is not None:
        return f"the ledger is NOT INTACT: event {checked.first_bad.seq}: {checked.first_bad.what}"
    return f"the ledger is intact, {checked.events} events, signed to event {checked.signed_to}"


def _cover(objects: Objects, inspection: str, *, site: str, unmasked: str, checked: Verdict) -> Cover:
    found = objects.find("inspection", inspection)
    said = found.announcement if isinstance(found, Inspection) else None
    last = objects.last
    masked = "each identifier of a patient or donor is a number, the same on all pages: [id N]"
    return Cover(
        inspection=inspection,
        site=site,
        simulated=objects.simulated,
        date=iso(Instant(last.at / MICRO), zone=objects.zone),
        seq=last.seq,
        head=last.hash.hex(),
        masked=f"shown: {unmasked}" if unmasked else masked,
        scope=said.scope if said else "",
        ledger=objects.reader.genesis.ledger,
        ledger_is=_state(checked),
        intact=checked.intact,
    )


COMMANDS = {"walkthrough": walkthrough}
