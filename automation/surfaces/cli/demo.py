"""``demo``: the main job on fakes in simulated time, proved and written up, in a folder that one can look through."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from automation.engine.conduct import Left
from automation.engine.recipe.load import load
from automation.engine.site import Site
from automation.kernel.errors import FailedError, InputError
from automation.ledger.blobs import Blobs
from automation.ledger.read import Reader
from automation.ledger.verify import verify
from automation.surfaces.cli.common import Session, as_json, emit, note, pairs, session
from automation.surfaces.cli.port import Opening
from automation.surfaces.cli.records import FORMATS, write
from automation.surfaces.cli.runs import Wish, begin
from automation.surfaces.documents.plots import draw
from automation.views.batch_record import batch_record

RECIPE, BATCH = "final-day", "B-001"
MARK = ".cellwright-demo"
_SITES = {"a": ("a",), "b": ("b",), "both": ("a", "b")}


@dataclass(frozen=True, slots=True)
class Shown:
    """What one site of the demo came to."""

    site: str
    folder: str
    batch: str
    state: str
    verdict: str
    intact: bool
    events: int
    head: str
    record: dict[str, str]
    plots: tuple[str, ...]


@click.command(epilog="Example: cellwright demo --which both --seed 7")
@click.option(
    "--site",
    "folder",
    type=click.Path(path_type=Path),
    default="cellwright-demo",
    show_default=True,
    help="Folder to make afresh.",
)
@click.option(
    "--which",
    type=click.Choice(list(_SITES)),
    default="a",
    show_default=True,
    help="Site a drives its devices; at site b people wash and freeze.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Another chance.")
@as_json
@session
def demo(session: Session, folder: Path, which: str, seed: int | None, *, as_json: bool) -> None:
    """Run the main job on fakes and show what comes out."""
    _fresh(folder)
    found = [_one(session, folder / f"site-{name}", name, seed) for name in _SITES[which]]
    if as_json:
        emit({"simulated": True, "recipe": RECIPE, "sites": found})
        return
    for one in found:
        click.echo(_said(one))
    click.echo(f"\nlook around: cellwright show batch {BATCH} --site {found[0].folder}")


def _fresh(folder: Path) -> None:
    """Make the folder, in place of an earlier demo; raises InputError for a folder of anybody else."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise InputError(f"{folder} is not empty and no earlier demo; name another folder with --site")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by cellwright demo, which replaces this folder when it runs again.\n")


def _one(session: Session, folder: Path, name: str, seed: int | None) -> Shown:
    opener = session.opener
    opener.found(folder, opener.template(name))
    file = opener.site(folder)
    note(f"SIMULATED {file.name}: {RECIPE} as batch {BATCH}")

    async def job(here: Site) -> Left:
        recipe = load(RECIPE, here.house.operations)
        return await begin(here, recipe, Wish(RECIPE, BATCH), release=opener.release())

    left = opener.work(folder, job, Opening(seed=seed))
    proof = verify(folder)
    if not left.ended or not proof.intact:
        raise FailedError(f"the demo did not end well: batch {left.state}, {left.why or 'ended'}")
    note("  record and plots")
    outputs = {form: folder / f"record.{form}" for form in FORMATS}
    made, _ = write(folder, BATCH, outputs)
    files = {form: str(path) for form, path in outputs.items()}
    plots = tuple(map(str, _plots(folder)))
    return Shown(
        file.name, str(folder), BATCH, left.state, made.verdict, proof.intact, proof.events, proof.head, files, plots
    )


def _plots(folder: Path) -> Sequence[Path]:
    with Reader(folder) as reader:
        made = batch_record(reader, Blobs(folder / "blobs", sync=False), BATCH)
    (folder / "plots").mkdir(exist_ok=True)
    found: list[Path] = []
    for step in made.steps:
        for number, chart in enumerate(step.charts, 1):
            path = folder / "plots" / f"{step.id}-{number}.svg"
            path.write_text(draw(chart, step.trends, zone=made.header.zone), encoding="utf-8")
            found.append(path)
    return found


def _said(one: Shown) -> str:
    rows = {
        "batch": f"{one.batch}: {one.state}",
        "verdict": one.verdict,
        "ledger": f"intact, {one.events} events, head {one.head}",
        **{f"record {form}": path for form, path in one.record.items()},
        "plots": ", ".join(one.plots) or "none",
        "check it": f"cellwright verify {one.folder}",
    }
    return f"SIMULATED {one.site}\n{pairs(rows)}"


COMMANDS = {"demo": demo}
