"""``demo``: one patient's story, or the main job alone, on fakes; proved and written up in a folder to look through."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
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
from automation.surfaces.cli.playing import Player, Told, lines
from automation.surfaces.cli.port import Opener, Opening
from automation.surfaces.cli.records import FORMATS, write
from automation.surfaces.cli.runs import Wish, begin
from automation.surfaces.cli.story import FILE, Story, story
from automation.surfaces.documents.plots import draw
from automation.views.batch_record import batch_record

RECIPE, BATCH = "final-day", "B-001"
MARK = ".cellwright-demo"
_SITES = {"a": ("a",), "b": ("b",), "both": ("a", "b")}


@dataclass(frozen=True, slots=True)
class Shown:
    """What one site of the demo came to; the story is empty where only the main job was run."""

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
    story: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A story with its file, and the files that it takes along."""

    raw: bytes
    story: Story
    recipes: Mapping[str, bytes]


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
@click.option(
    "--story",
    "told",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Another story for site a; the one that is told lies in the folder afterwards.",
)
@as_json
@session
def demo(  # noqa: PLR0913  as options
    session: Session, folder: Path, which: str, seed: int | None, told: Path | None, *, as_json: bool
) -> None:
    """Tell one patient's story on fakes, from order to infusion, and show what comes out."""
    if told is not None and "a" not in _SITES[which]:
        raise InputError(f"--story is {told}, and --which is {which}; a story is played at site a")
    scripts = {name: _script(session.opener, name, told if name == "a" else None) for name in _SITES[which]}
    _fresh(folder)
    found = [_one(session.opener, folder / f"site-{name}", scripts[name], seed, quiet=as_json) for name in scripts]
    if as_json:
        emit({"simulated": True, "recipe": RECIPE, "sites": found})
        return
    for one in found:
        click.echo(_said(one))
    click.echo(_next(found[0]))


def _script(opener: Opener, name: str, path: Path | None) -> Script | None:
    """Give the story of a packaged site with the files beside it, or that of a file; None where there is none."""
    raw = opener.beside(name, FILE) if path is None else path.read_bytes()
    if path is None and not raw:
        return None
    made = story(raw, name=FILE if path is None else str(path))
    beside = {one: _beside(path, one) or opener.beside(name, one) for one in made.recipes}
    missing = [one for one, found in beside.items() if not found]
    if missing:
        raise InputError(f"recipes names {missing[0]!r}, and there is no such file beside it", where=str(path or FILE))
    return Script(raw, made, beside)


def _beside(path: Path | None, name: str) -> bytes:
    there = path is not None and (path.parent / name).is_file()
    return (path.parent / name).read_bytes() if path is not None and there else b""


def _fresh(folder: Path) -> None:
    """Make the folder, in place of an earlier demo; raises InputError for a folder of anybody else."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise InputError(f"{folder} is not empty and no earlier demo; name another folder with --site")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by cellwright demo, which replaces this folder when it runs again.\n")


def _one(opener: Opener, folder: Path, script: Script | None, seed: int | None, *, quiet: bool) -> Shown:
    name = folder.name.removeprefix("site-")
    opener.found(folder, opener.template(name))
    batch = BATCH if script is None else script.story.batch
    told: tuple[Told, ...] = ()
    if script is None:
        _main_job(opener, folder, seed)
    else:
        told = tuple(_played(opener, folder, script, seed, quiet=quiet))
    proof = verify(folder)
    if not proof.intact:
        raise FailedError(f"the demo did not end well: the ledger of {folder} is not intact")
    note("  record and plots")
    outputs = {form: folder / f"record.{form}" for form in FORMATS}
    made, _ = write(folder, batch, outputs)
    files = {form: str(path) for form, path in outputs.items()}
    plots = tuple(map(str, _plots(folder, batch)))
    site = opener.site(folder).name
    return Shown(
        site,
        str(folder),
        batch,
        made.header.state,
        made.verdict,
        proof.intact,
        proof.events,
        proof.head,
        files,
        plots,
        told,
    )


def _main_job(opener: Opener, folder: Path, seed: int | None) -> None:
    """Run the main job alone; raises FailedError when it did not end."""
    note(f"SIMULATED {opener.site(folder).name}: {RECIPE} as batch {BATCH}")

    async def job(here: Site) -> Left:
        recipe = load(RECIPE, here.house.operations)
        return await begin(here, recipe, Wish(RECIPE, BATCH), release=opener.release())

    left = opener.work(folder, job, Opening(seed=seed))
    if not left.ended:
        raise FailedError(f"the demo did not end well: batch {left.state}, {left.why}")


def _played(opener: Opener, folder: Path, script: Script, seed: int | None, *, quiet: bool) -> Iterable[Told]:
    """Play the story, printing it as it goes; its files are left beside the site."""
    for name, raw in script.recipes.items():
        (folder / name).write_bytes(raw)
        (folder.parent / name).write_bytes(raw)
    (folder.parent / FILE).write_bytes(script.raw)
    file, part, at = opener.site(folder), "", ""
    if not quiet:
        click.echo(f"SIMULATED {file.name}: {script.story.title}")
    with opener.staying(Opening(seed=seed)) as house:
        for one in Player(house, folder, file, script.story).play():
            if not quiet:
                head = ("", one.part) if one.part != part else ()
                click.echo("\n".join([*head, *lines(one, at="" if one.at == at and not head else one.at)]))
            part, at = one.part, one.at
            yield one


def _plots(folder: Path, batch: str) -> Sequence[Path]:
    with Reader(folder) as reader:
        made = batch_record(reader, Blobs(folder / "blobs", sync=False), batch)
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
        "record": f"{one.record['pdf']}; .html and .json beside it",
        "plots": f"{Path(one.folder) / 'plots'}: {', '.join(Path(path).name for path in one.plots) or 'none'}",
        "check it": f"cellwright verify {one.folder}",
    }
    head = "\nWhat is left of it" if one.story else f"SIMULATED {one.site}"
    return f"{head}\n{pairs(rows)}"


def _next(one: Shown) -> str:
    """Say what to try next: what has to be done, why a lot was released, where a lot of material is, who did what."""
    if not one.story:
        return f"\nlook around: cellwright show batch {one.batch} --site {one.folder}"
    commands = (
        "due",
        f"show release {one.batch}",
        f"trace {one.batch}",
        "logbook washer-01",
        f"narrative release {one.batch}",
    )
    lines = "\n".join(f"  cellwright {words}" for words in commands)
    told = Path(one.folder).parent / FILE
    last = f"  cellwright demo --story {told}    # after you have changed it"
    return f"\nGo on from here\n  export CELLWRIGHT_SITE={one.folder}\n{lines}\n{last}"


COMMANDS = {"demo": demo}
