"""``sections``: tables for the quality part of a submission, each line with what it comes from, or what is missing."""

from pathlib import Path

import click

from automation.engine import masters
from automation.engine.recipe.model import Recipe
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.files import write_whole
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, session, site, table, tell
from automation.surfaces.cli.quality import check_outside
from automation.surfaces.documents.sections import WRITERS, Cover
from automation.views.objects import Objects
from automation.views.sections import SECTIONS, Subject, made_by, written


@click.command(epilog="Example: cellwright sections car-t@1 --section 3.2.P.3.4 -o controls.html --site ./site-a")
@click.argument("recipe", metavar="RECIPE[@VERSION]")
@site
@click.option("--section", default="", metavar="NUMBER", help="For example 3.2.P.3.4; else all are listed.")
@click.option("--product-from", default="", metavar="STEP", help="The first step of the drug product; else all are.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File: .html, .csv or .json.")
@as_json
@session
def sections(  # noqa: PLR0913  as options
    session: Session,
    recipe: str,
    folder: Path,
    *,
    section: str,
    product_from: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """List which sections of a submission the records carry, or write the tables of one.

    Exit status 1 for a section that the records do not carry, with what is missing.
    """
    if bool(section) != (output is not None):
        raise InputError("--section NUMBER and -o FILE belong together; without both the sections are listed")
    operations = dict(session.opener.operations())
    with looked(session, folder) as (file, objects):
        batches = made_by(objects, recipe)
        master = masters.recall(folder, batches[-1], operations)
        about = Subject(objects, master, batches, product_from)
        if output is not None:
            _write(about, section, output=output, folder=folder, as_json=as_json)
            return
        lines = [(number, title, _lacks(number, about)) for number, (title, _) in SECTIONS.items()]
    if as_json:
        items = [{"section": number, "title": title, "missing": why} for number, title, why in lines]
        emit({"simulated": file.simulated, "recipe": master.header.id, "digest": master.digest, "items": items})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(table(("section", "title", "missing"), ((*one[:2], one[2] or "nothing") for one in lines)))


def _lacks(number: str, about: Subject) -> str:
    """Say what a section is missing; empty for nothing."""
    try:
        written(number, about)
    except RefusedError as error:
        return str(error).partition("can't be written: ")[2]
    return ""


def _write(about: Subject, number: str, *, output: Path, folder: Path, as_json: bool) -> None:
    writer = WRITERS.get(output.suffix.lower())
    if writer is None:
        raise InputError(f"-o is {output}; a section is written as .html, .csv or .json")
    check_outside(output, folder)
    made = written(number, about)
    cover = _cover(number, about.recipe, about.objects)
    write_whole(output, writer(cover, made))
    count = sum(len(one.lines) for one in made)
    data = {"section": number, "file": str(output), "lines": count, "recipe": cover.recipe, "digest": cover.digest}
    tell(f"section {number}: {output}, {count} lines", data, simulated=cover.simulated, as_json=as_json)


def _cover(number: str, recipe: Recipe, objects: Objects) -> Cover:
    return Cover(
        number=number,
        title=SECTIONS[number][0],
        recipe=f"{recipe.header.id}@{recipe.header.version}",
        status=str(recipe.header.status),
        digest=recipe.digest,
        product=recipe.product.name,
        simulated=objects.simulated,
        seq=objects.last.seq,
        head=objects.last.hash.hex(),
    )


COMMANDS = {"sections": sections}
