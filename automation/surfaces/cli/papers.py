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
from automation.surfaces.documents.shipping import WRITERS, document


@click.command(epilog="Example: cellwright papers SH-17 -o papers.pdf --site ./site-a")
@click.argument("shipment")
@site
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@as_json
@session
def papers(session: Session, shipment: str, folder: Path, *, output: Path, as_json: bool) -> None:
    """Write the papers of a shipment: waybill data, dangerous goods, packing list, pro-forma.

    The file ends in .html or .pdf.
    """
    writer = WRITERS.get(output.suffix.lower())
    if writer is None:
        raise InputError(f"-o is {output}; papers are written as .html or .pdf")
    if folder.resolve() in output.resolve().parents:
        raise InputError(f"-o is {output}, where the site keeps its files; write it somewhere else")
    with looked(session, folder) as (file, objects):
        found = objects.known("shipment", shipment)
        if not isinstance(found, Shipment):
            raise TypeError(found)
        made = document(objects, found, sender=file.name, date=iso(now_of(file, objects), zone=objects.zone))
        entries = [duty.entry for duty in found.duties(objects)]
    write_whole(output, writer(made))
    data = {"shipment": shipment, "file": str(output), "dangerous_goods": entries}
    tell(f"papers of {shipment}: {output}", data, simulated=file.simulated, as_json=as_json)


COMMANDS = {"papers": papers}
