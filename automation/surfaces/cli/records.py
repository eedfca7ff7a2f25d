"""``record``: the record of a batch as a document, or as data with proofs that verifies alone."""

from pathlib import Path

import click

from automation.engine.sitemodel import SiteFile
from automation.gmp import secrets
from automation.kernel.clock import MICRO
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.kernel.quantity import Instant
from automation.ledger.blobs import Blobs
from automation.ledger.read import Reader
from automation.surfaces.cli.common import Session, as_json, emit, say_no, session, site
from automation.surfaces.cli.sealing import check_form, seal, sealer
from automation.surfaces.documents.record import render, to_seal
from automation.views.batch_record import BatchRecord, batch_record

FORMATS = ("html", "pdf", "json")
BATCHML = "batchml"
_ENDINGS = {**{form: form for form in FORMATS}, "xml": BATCHML}


@click.command(epilog="Example: cellwright record B-001 --format pdf -o B-001.pdf --site ./site-a")
@click.argument("batch")
@site
@click.option("--format", "wanted", type=click.Choice((*FORMATS, BATCHML)), help="Else as the name of the file ends.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@seal
@as_json
@session
def record(  # noqa: PLR0913  as options
    session: Session, batch: str, folder: Path, wanted: str | None, *, output: Path, sealing: bool, as_json: bool
) -> None:
    """Write the record of a batch as HTML, PDF, JSON, or XML for other systems (BatchML).

    Exit status 1 for a ledger that is not intact, which every page then says.
    """
    file, _ = session.opener.site_to_look_at(folder)
    form = _form(output, wanted)
    _check_place(output, folder, form=form)
    check_form(form, sealing=sealing)
    if form == BATCHML:
        made, written = session.opener.batchml(folder, batch)
        sizes = {form: write_whole(output, written.data)}
    else:
        made, sizes = _sealed(folder, file, batch, output=output) if sealing else write(folder, batch, {form: output})
    if as_json:
        emit(
            {
                "simulated": file.simulated,
                "draft": made.draft,
                "batch": batch,
                "file": str(output),
                "bytes": sizes[form],
                "as_of": made.as_of,
                "drawn": made.drawn,
                "head": made.proof.head,
                "verdict": made.verdict,
                "sealed": sealing,
                "intact": made.proof.intact,
            }
        )
    else:
        _tell(made, f"{batch}: {output} ({sizes[form]} bytes)", simulated=file.simulated, sealed=sealing)
    if not made.proof.intact:
        say_no()


def _tell(made: BatchRecord, what: str, *, simulated: bool, sealed: bool) -> None:
    marks = " ".join(
        word
        for word, holds in (("SIMULATED", simulated), ("DRAFT", made.draft), ("sealed", sealed), ("record", True))
        if holds
    )
    as_of = f"\nas of event {made.as_of}, {made.drawn}; head {made.proof.head}" if made.draft else ""
    click.echo(f"{marks} of {what}{as_of}")
    click.echo(made.verdict)
    if not made.proof.intact:
        click.echo(f"the ledger is NOT INTACT: {made.proof.first_bad}")


def _form(output: Path, wanted: str | None) -> str:
    """Give the format that was asked for, else as the file's name ends; raises InputError where they differ."""
    ending = output.suffix.lower().removeprefix(".")
    form = _ENDINGS.get(ending, "")
    if wanted is None and not form:
        raise InputError(f"-o is {output}; a record is written as .html, .pdf, .json or .xml, or as --format says")
    if wanted is not None and form and wanted != form:
        raise InputError(f"-o is {output}, and --format is {wanted}; they have to say the same")
    return wanted or form


def _check_place(output: Path, folder: Path, *, form: str) -> None:
    """Raise InputError for a place where the site keeps files of its own."""
    place, site_folder = output.resolve(), folder.resolve()
    if site_folder not in place.parents:
        return
    ending = next(end for end, one in _ENDINGS.items() if one == form)
    if place.parent != site_folder or place.suffix != f".{ending}" or place.name == secrets.NAME:
        allowed = f"in its folder a record has a name of its own that ends in .{ending}"
        raise InputError(f"-o is {output}, where the site keeps its files; {allowed}")


def write(folder: Path, batch: str, outputs: dict[str, Path]) -> tuple[BatchRecord, dict[str, int]]:
    """Write the record of a batch in some formats, all as of one event; gives it and the sizes (bytes)."""
    with Reader(folder) as reader:
        reader.pin()  # its owner may go on meanwhile
        made = batch_record(reader, Blobs(folder / "blobs", sync=False), batch)
        sizes = {form: write_whole(path, render(made, form, reader=reader)) for form, path in outputs.items()}
    return made, sizes


def _sealed(folder: Path, file: SiteFile, batch: str, *, output: Path) -> tuple[BatchRecord, dict[str, int]]:
    """Write the record as a sealed PDF that carries itself as data; gives it and the size (bytes)."""
    with Reader(folder) as reader:
        reader.pin()
        close = sealer(folder, file, last=Instant(reader.last.at / MICRO))
        made = batch_record(reader, Blobs(folder / "blobs", sync=False), batch)
        return made, {"pdf": write_whole(output, close(to_seal(made, reader)))}


COMMANDS = {"record": record}
