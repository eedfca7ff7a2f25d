"""``due`` and ``certificate``: what has to be done, by whom and until when; and what a release is signed over."""

from dataclasses import asdict
from pathlib import Path

import click

from automation.gmp.certificates import certificate as made_from
from automation.gmp.product.releases import Release
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, by, emit, mark, session, shortened, site, table, tell
from automation.surfaces.cli.doubt import now_of
from automation.surfaces.cli.sealing import check_form, seal, sealer
from automation.surfaces.documents.certificate import WRITERS, to_seal
from automation.views.checklist import checklist
from automation.views.dues import DueLine, dues


@click.command(epilog="Example: cellwright due --as dora --site ./site-a")
@site
@by
@click.option("--inspection", is_flag=True, help="A checklist instead: what an inspection would find open.")
@as_json
@session
def due(session: Session, folder: Path, *, by: str, inspection: bool, as_json: bool) -> None:
    """List what has to be done, by whom and until when, the next first."""
    if inspection:
        _list_open(session, folder, by=by, as_json=as_json)
        return
    with looked(session, folder) as (file, objects):
        if by:
            objects.known("person", by)
        levels = file.notices.levels if file.notices else ()
        found = dues(objects, now_of(file, objects), person=by, levels=levels)
    if as_json:
        emit({"simulated": file.simulated, "items": found})
        return
    mark(file.name, simulated=file.simulated)
    rows = ((one.by, one.left, one.urgency, one.owner, _hands(one), one.object, one.what) for one in found)
    click.echo(table(("by", "left", "is", "owner", "who can", "object", "what"), rows))


def _hands(one: DueLine) -> str:
    """Say who can do it: the roles with the right and the people who have them; who is named is the owner."""
    if not one.roles:
        return one.owner if one.people == (one.owner,) else "nobody"
    return f"{', '.join(one.roles)}: {shortened(', '.join(one.people), 40) or 'nobody'}"


def _list_open(session: Session, folder: Path, *, by: str, as_json: bool) -> None:
    if by:
        raise InputError("--inspection looks at the whole site, at nobody's own list; leave --as out", where="--as")
    with looked(session, folder) as (file, objects):
        lines = list(checklist(objects, now_of(file, objects)))
    if as_json:
        emit({"simulated": file.simulated, "items": [{**asdict(one), "good": one.good} for one in lines]})
        return
    mark(file.name, simulated=file.simulated)
    rows = ((one.topic, text) for one in lines for text in one.found or ("nothing",))
    click.echo(table(("checked", "open"), rows))


@click.command(epilog="Example: cellwright certificate B-001 -o certificate.json --site ./site-a")
@click.argument("batch")
@site
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@seal
@as_json
@session
def certificate(session: Session, batch: str, folder: Path, *, output: Path, sealing: bool, as_json: bool) -> None:  # noqa: PLR0913  as options
    """Write the certificate of analysis of a lot; its SHA-256 is what a release states.

    The name of the file says as what: .json is what is signed, .html and .pdf show it with its SHA-256.
    """
    ending = output.suffix.lower()
    check_form(ending.removeprefix("."), sealing=sealing)
    with looked(session, folder) as (file, objects):
        release = objects.known("release", batch)
        if not isinstance(release, Release):
            raise TypeError(release)
        made = made_from(objects, batch, specification=release.specification)
        date = iso(now_of(file, objects), zone=objects.zone)
        close = sealer(folder, file, last=objects.now) if sealing else None
    if folder.resolve() in output.resolve().parents:
        raise InputError(f"-o is {output}, where the site keeps its files; write it somewhere else")
    if ending not in {*WRITERS, ".json"}:
        raise InputError(f"-o is {output}; a certificate is written as .json, .html or .pdf")
    if close is not None:
        write_whole(output, close(to_seal(made, date=date)))
    elif writer := WRITERS.get(ending):
        write_whole(output, writer(made, date=date))
    else:
        write_whole(output, made.text)
    text = f"certificate of {batch}: {output}; SHA-256 {made.digest}"
    data = {"batch": batch, "file": str(output), "sha256": made.digest, "results": len(made.lines), "sealed": sealing}
    tell(text, data, simulated=file.simulated, as_json=as_json)


COMMANDS = {"due": due, "certificate": certificate}
