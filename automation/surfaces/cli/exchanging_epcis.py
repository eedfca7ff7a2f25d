"""``exchange epcis``: the life of containers as EPCIS 2.0 events, for whoever traces them elsewhere."""

import hashlib
from pathlib import Path

import click

from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, session, site, tell
from automation.views.neighbours import Neighbours
from automation.views.ways import whole


@click.command("epcis", epilog="Example: cellwright exchange epcis ORD-17 -o life.jsonld --site ./site-a")
@click.argument("name", metavar="ID")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@site
@as_json
@session
def epcis(session: Session, name: str, *, output: Path, folder: Path, as_json: bool) -> None:
    """Write the life of containers as EPCIS 2.0 events: of an order, a batch, a container and its family."""
    if folder.resolve() in output.resolve().parents:
        raise InputError(f"-o is {output}, where the site keeps its files; write it somewhere else")
    with looked(session, folder) as (file, objects):
        start = whole(objects, Neighbours(objects).start(name))
        written = session.opener.epcis(objects, folder, start)
    write_whole(output, written.data)
    sha256 = hashlib.sha256(written.data).hexdigest()
    data = {"id": name, "object": start, "events": written.entries, "file": str(output), "sha256": sha256}
    told = f"{start} is written as EPCIS 2.0, {written.entries} events: {output}"
    tell(told, data, simulated=file.simulated, as_json=as_json)
