"""``papers``: the papers of a shipment, read off the records."""

from pathlib import Path

import click

from automation.gmp.product.shipments import Shipment
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, session, site, tell
from automation.surfaces.cli.doubt import now_of
from automation.surfaces.cli.sealing import check_form, seal, sealer
from automation.surfaces.documents.pdf import pdf
from automation.surfaces.documents.shipping import WRITERS, document
from automation.surfaces.seals.words import announced


@click.command(epilog="Example: cellwright papers SH-17 -o papers.pdf --site ./site-a")
@click.argument("shipment")
@site
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@seal
@as_json
@session
def papers(session: Session, shipment: str, folder: Path, *, output: Path, sealing: bool, as_json: bool) -> None:  # noqa: PLR0913  as options
    """Write the papers of a shipment: waybill data, dangerous goods, packing list, pro-forma.

    The file ends in .html or .pdf.
    """
    writer = WRITERS.get(output.suffix.lower())
    if writer is None:
        raise InputError(f"-o is {output}; papers are written as .html or .pdf")
    check_form(output.suffix.lower().removeprefix("."), sealing=sealing)
    if folder.resolve() in output.resolve().parents:
        raise InputError(f"-o is {output}, where the site keeps its files; write it somewhere else")
    with looked(session, folder) as (file, objects):
        found = objects.known("shipment", shipment)
        if not isinstance(found, Shipment):
            raise TypeError(found)
        made = document(objects, found, sender=file.name, date=iso(now_of(file, objects), zone=objects.zone))
        close = sealer(folder, file, last=objects.now) if sealing else None
        entries = [duty.entry for duty in found.duties(objects)]
    write_whole(output, close(pdf(announced(made))) if close is not None else writer(made))
    data = {"shipment": shipment, "file": str(output), "dangerous_goods": entries, "sealed": sealing}
    tell(f"papers of {shipment}: {output}", data, simulated=file.simulated, as_json=as_json)


COMMANDS = {"papers": papers}
