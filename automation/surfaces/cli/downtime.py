"""``downtime-pack``: numbered paper forms of the steps of a batch that are not over, each on the record as issued."""

import hashlib
from pathlib import Path

import click

from automation.engine import masters
from automation.engine.requests import Request
from automation.gmp.product.batches import Batch
from automation.gmp.words import Right
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.surfaces.cli.access import person, secret
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, session, site, tell
from automation.surfaces.cli.quality import check_outside
from automation.surfaces.documents.compose_downtime import compose_pack
from automation.surfaces.documents.html import html
from automation.surfaces.documents.pdf import pdf
from automation.views.downtime import Pack, pack
from automation.views.readiness import Plan


@click.command(
    "downtime-pack", epilog="Example: cellwright downtime-pack B-001 -o B-001-forms.pdf --as anna --site ./site-a"
)
@click.argument("batch")
@site
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="HTML or PDF file."
)
@by
@as_json
@session
def downtime_pack(session: Session, batch: str, folder: Path, *, output: Path, by: str, as_json: bool) -> None:  # noqa: PLR0913  as options
    """Print numbered forms of the steps that are not over, for when the program is down."""
    check_outside(output, folder)
    writers = {".html": html, ".pdf": pdf}
    if output.suffix not in writers:
        raise InputError(f"-o is {output}; a name that ends in .html or .pdf is needed")
    made, date = _pack(session, folder, batch)
    file = session.opener.site(folder)
    raw = writers[output.suffix](compose_pack(made, simulated=file.simulated, date=date))
    _issue(session, folder, made, digest=hashlib.sha256(raw).hexdigest(), by=by)
    write_whole(output, raw)
    numbers = [sheet.number for sheet in made.sheets]
    text = f"downtime pack of {batch}: {output}, {len(numbers)} forms ({numbers[0]} to {numbers[-1]})"
    tell(text, {"batch": batch, "file": str(output), "forms": numbers}, simulated=file.simulated, as_json=as_json)


def _pack(session: Session, folder: Path, batch: str) -> tuple[Pack, str]:
    """Give the pack and its date; raises InputError for a batch that is over."""
    operations = dict(session.opener.operations())
    with looked(session, folder) as (_, objects):
        thing = objects.known("batch", batch)
        if not isinstance(thing, Batch):
            raise TypeError(thing)
        plan = Plan(objects, masters.recall(folder, thing, operations), operations, thing)
        made = pack(plan, thing)
        date = iso(objects.now, zone=objects.zone)
    if not made.sheets:
        raise InputError(f"batch {batch} has no step left; a downtime pack is of what is still to be done")
    return made, date


def _issue(session: Session, folder: Path, made: Pack, *, digest: str, by: str) -> None:
    """Put every form on the record, as issued by a person."""
    file = session.opener.site(folder)
    who = person(file, by, Right.PERFORM)
    known = secret(file, who)
    for sheet in made.sheets:
        body: dict[str, object] = {"batch": made.batch, "step": sheet.step, "title": sheet.title, "sha256": digest}
        stream = f"form/{sheet.number}"
        send(session, folder, Request(what="do", target=stream, command="issue", body=body, by=who, secret=known))


COMMANDS = {"downtime-pack": downtime_pack}
