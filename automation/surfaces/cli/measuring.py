"""``metrics``: what batches came to, with control charts and capability; ``contrast``: what those that failed share."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from automation.formulas.spc_rules import SETS
from automation.kernel.files import write_whole
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, session, shortened, site, table
from automation.surfaces.documents import metrics as written
from automation.surfaces.documents.comparison import comma_separated
from automation.views.questions.charting import Asked, Charted, charted, limits_of
from automation.views.questions.contrast import Contrast, Factor, contrast, groups_of
from automation.views.questions.measures import METRICS, numbers, summaries
from automation.views.questions.tables import Tables

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog="Example: cellwright metrics viability --what 'count*' --limit '>= 70 %' --html viability.html")
@click.argument("name", required=False, default="")
@site
@click.option("--recipe", default="", metavar="ID[@VERSION]", help="Batches of one recipe; else all.")
@click.option(
    "--what", default="", metavar="PATTERN", help="Headings, for example 'vein to vein'; * stands for any text."
)
@click.option("--each", is_flag=True, help="Print every number with its events.")
@click.option("--charts", is_flag=True, help="Say what the control charts signal.")
@click.option(
    "--rules", type=click.Choice(list(SETS)), default="nelson", show_default=True, help="Rules of the charts."
)
@click.option("--baseline", type=click.IntRange(0), default=0, help="How many first points the limits come from.")
@click.option(
    "--limit", "limits", multiple=True, metavar="LIMIT", help="For capability, as '>= 70 %'; a lower, an upper."
)
@click.option("--csv", type=_FILE, help="Write every number with its events.")
@click.option("--html", type=_FILE, help="Write a page with the control charts.")
@as_json
@session
def metrics(  # noqa: PLR0913  as options
    session: Session,
    /,
    name: str,
    folder: Path,
    *,
    recipe: str,
    what: str,
    each: bool,
    charts: bool,
    rules: str,
    baseline: int,
    limits: tuple[str, ...],
    csv: Path | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """Measure batches: yield, viability, contamination, turnaround, right first time, waiting."""
    if not name:
        _list(as_json=as_json)
        return
    asked = Asked(SETS[rules], baseline, limits_of(limits))
    with looked(session, folder) as (file, objects):
        found = numbers(name, Tables(objects), recipe=recipe, what=what)
    summed, drawn = summaries(name, found), charted(found, asked, rare=METRICS[name].rare) if found else ()
    sizes = []
    if csv is not None:
        sizes.append((csv, write_whole(csv, comma_separated(written.NUMBERS, written.number_lines(found)))))
    if html is not None:
        page = written.page(name, summed, drawn, site=file.name, simulated=file.simulated)
        sizes.append((html, write_whole(html, page)))
    if as_json:
        told = {"metric": name, "summaries": summed, "numbers": found, "charts": [_told(one) for one in drawn]}
        emit({"simulated": file.simulated, **told})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(table(written.SUMMARY, (written.said_of(one) for one in summed)))
    if each:
        click.echo(table(written.NUMBERS, written.number_lines(found)))
    for one in drawn if charts or baseline or limits else ():
        click.echo("\n".join(written.sentences(one)))
    for path, size in sizes:
        click.echo(f"{path}: {size} bytes")


def _list(*, as_json: bool) -> None:
    if as_json:
        emit({"items": [{"name": name, "words": one.words} for name, one in METRICS.items()]})
        return
    click.echo(table(("metric", "tells"), ((name, one.words) for name, one in METRICS.items())))


def _told(one: Charted) -> dict[str, object]:
    """Give the charts of a heading as data; the numbers of its points are told beside."""
    return {
        "what": one.what,
        "unit": one.unit,
        "batches": [number.batch for number in one.numbers],
        "charts": one.charts,
        "signals": one.signals,
        "capability": one.capability,
        "says": list(written.sentences(one)),
    }


@click.command("contrast", epilog="Example: cellwright contrast --failed B-3 --failed B-7 --site ./site-a")
@click.option("--failed", multiple=True, metavar="BATCH", help="Batches that failed; else all not right first time.")
@click.option("--most", type=click.IntRange(1), default=12, show_default=True, help="How many factors are printed.")
@site
@as_json
@session
def contrasted(session: Session, failed: tuple[str, ...], folder: Path, *, most: int, as_json: bool) -> None:
    """Rank what failed batches share and good ones do not, with how likely chance alone would do that."""
    with looked(session, folder) as (file, objects):
        tables = Tables(objects)
        bad, good = groups_of(tables, failed)
        found = contrast(tables, failed=bad, good=good)
    if as_json:
        emit({"simulated": file.simulated, "says": found.sentence, **_data(found)})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(found.sentence)
    click.echo(f"failed: {', '.join(found.failed)}; good: {', '.join(found.good)}; {found.same_in_all} factors in all")
    heads = ("chance", "among all", "kind", "in", "events", "what")
    click.echo(table(heads, _factors(found.factors[:most])))


def _data(found: Contrast) -> dict[str, object]:
    return {
        "failed": found.failed,
        "good": found.good,
        "in_all": found.same_in_all,
        "clearest": found.clearest,
        "factors": found.factors,
    }


def _factors(some: Sequence[Factor]) -> Iterator[tuple[str, ...]]:
    for one in some:
        chances = (f"{one.chance:.2g}", f"{one.among_all:.2g}")
        cited = shortened(" ".join(map(str, one.events)), 24)
        yield *chances, one.kind, one.said, cited, "; ".join(one.names)


COMMANDS = {"metrics": metrics, "contrast": contrasted}
