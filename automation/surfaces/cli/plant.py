"""``logbook`` and ``bundle``: what an asset or a room was used for, and all that goes with the report of a fault."""

import hashlib
from pathlib import Path

import click
import msgspec

from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.kernel.quantity import Seconds
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, session, shortened, site, table, tell
from automation.surfaces.cli.doubt import now_of
from automation.views.logbook import bundle as bundled
from automation.views.logbook import logbook as log_of

_HOUR = 3600.0  # s


@click.command(epilog="Example: cellwright logbook crf-01 --site ./site-a")
@click.argument("name", metavar="ASSET|ROOM")
@site
@as_json
@session
def logbook(session: Session, name: str, folder: Path, *, as_json: bool) -> None:
    """Print the log of an asset or room in the order of time: use, cleaning, calibration, maintenance, faults."""
    with looked(session, folder) as (file, objects):
        kind = next((kind for kind in ("asset", "room") if objects.has(kind, name)), "")
        if not kind:
            known = ", ".join(one.id for kind in ("asset", "room") for one in objects.every(kind)) or "none"
            raise InputError(f"{name!r} is neither an asset nor a room of this site; known: {known}")
        lines = log_of(objects, kind, name=name)
    if as_json:
        emit({"simulated": file.simulated, "object": kind, "id": name, "items": lines})
        return
    mark(file.name, simulated=file.simulated)
    heads = ("event", "when", "what", "batch", "product", "by", "checked by", "said")
    rows = (
        (one.seq, one.at, one.what, one.batch, one.product, one.by, one.checked_by, shortened(one.said, 60))
        for one in lines
    )
    click.echo(table(heads, rows))


@click.command(epilog="Example: cellwright bundle crf-01 -o fault.json --hours 24 --site ./site-a")
@click.argument("asset")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--hours", type=click.FloatRange(0.01, 8760.0), default=24.0, show_default=True, help="How far back.")
@site
@as_json
@session
def bundle(  # noqa: PLR0913  as options
    session: Session, asset: str, folder: Path, *, output: Path, hours: float, as_json: bool
) -> None:
    """Write the timeline, state and parameters of an asset into one file, for the report of a fault.

    Its SHA-256 is what the report names: cellwright do fault ID report --bundle SHA256 ...
    """
    if folder.resolve() in output.resolve().parents:
        raise InputError(f"-o is {output}, where the site keeps its files; write it somewhere else")
    with looked(session, folder) as (file, objects):
        objects.known("asset", asset)
        found = bundled(objects, asset, until=now_of(file, objects), lasting=Seconds(hours * _HOUR))
    whole = {"simulated": file.simulated, "site": file.name, **found}
    data = msgspec.json.format(msgspec.json.encode(whole, enc_hook=_plain), indent=2)
    write_whole(output, data)
    digest = hashlib.sha256(data).hexdigest()
    text = f"bundle of {asset}: {output}; SHA-256 {digest}"
    said = {"asset": asset, "file": str(output), "sha256": digest, "bytes": len(data)}
    tell(text, said, simulated=file.simulated, as_json=as_json)


def _plain(value: object) -> object:
    """Give what the encoder does not know as what it does: bodies field by field, all else as text."""
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if dump is not None else str(value)


COMMANDS = {"logbook": logbook, "bundle": bundle}
