"""``simulate``: a recipe on fakes over a grid of changes and seeds, each run on a throwaway site."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import click

from automation.kernel.files import write_whole
from automation.surfaces.cli.campaign import SHOWN, Run, digest_of, runs
from automation.surfaces.cli.common import Session, as_json, emit, mark, note, pair, say_no, session, table
from automation.surfaces.cli.trial import Trial, grid
from automation.surfaces.documents.comparison import comma_separated
from automation.views.comparison import Value
from automation.views.wording import NOTHING, count, show

_COLUMNS = 8  # results that a terminal shows without being asked for


def _axes(_ctx: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        name, value = pair(text, what="--set")
        found.setdefault(name, []).append(value)
    return found


@click.command(epilog="Example: cellwright simulate freeze-day --set 'freeze.every=10 s' --set 'freeze.every=20 s'")
@click.argument("recipe")
@click.option("--site", default="a", show_default=True, metavar="DIR|NAME", help="A simulated site, or a packaged one.")
@click.option(
    "--set",
    "axes",
    multiple=True,
    callback=_axes,
    metavar="STEP.PARAMETER=VALUE",
    help="Try a value; several of one parameter, and of several parameters, make a grid.",
)
@click.option(
    "--seed", "seeds", type=click.IntRange(min=0), multiple=True, help="Another chance; several for each point."
)
@click.option("--seeds", "number", type=click.IntRange(min=1), help="So many seeds for each point, from 1.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that share the runs.")
@click.option("--show", multiple=True, metavar="STEP.RESULT", help="Columns; * stands for any text. Else what differs.")
@click.option(
    "--csv", type=click.Path(path_type=Path, dir_okay=False), help="Write all results, one line for each run."
)
@as_json
@session
def simulate(  # noqa: PLR0913  as options
    session: Session,
    /,
    recipe: str,
    *,
    site: str,
    axes: Mapping[str, Sequence[str]],
    seeds: tuple[int, ...],
    number: int | None,
    jobs: int,
    show: tuple[str, ...],
    csv: Path | None,
    as_json: bool,
) -> None:
    """Run a recipe on fakes, over a grid of changes and seeds."""
    if seeds and number:
        raise click.UsageError("--seed names seeds, --seeds says how many there are; give one of them")
    points = grid(axes, seeds=seeds or range(1, (number or 1) + 1))
    trials = [Trial(recipe=recipe, site=site, seed=seed, changes=changes) for changes, seed in points]
    found = []
    for one in runs(session.opener, trials, jobs=jobs):
        found.append(one)
        note(f"run {len(found)} of {len(points)}")
    places = _places(found)
    if csv is not None:
        write_whole(csv, comma_separated(_heads(found, places), _cells(found, places)))
    if as_json:
        emit(
            {
                "simulated": True,
                "site": found[0].found.site,
                "recipe": recipe,
                "digest": digest_of(found),
                "runs": [_data(run, places) for run in found],
            }
        )
    else:
        mark(found[0].found.site, simulated=True)
        click.echo(_page(found, _chosen(found, places, show=show), given=bool(show)))
    for run in found:
        if run.why:
            click.echo(f"cellwright: seed {run.seed} {run.changes or ''}: left open: {run.why}", err=True)
    if any(run.state != "complete" for run in found):
        say_no()


def _places(runs: Sequence[Run]) -> list[str]:
    """Give every result and yield of any run."""
    return list(dict.fromkeys(where for run in runs for kind, where in run.found.facts if kind in SHOWN))


def _chosen(runs: Sequence[Run], places: Sequence[str], *, show: Sequence[str]) -> list[str]:
    """Give what is asked for, else what differs between the runs; of a single run, all."""
    if show:
        return [where for where in places if any(fnmatchcase(where, pattern) for pattern in show)]
    if len(runs) == 1:
        return list(places)
    numbers = [where for where in places if any(isinstance(run.value(where), float) for run in runs)]
    return [where for where in numbers if len({run.value(where) for run in runs}) > 1]


def _page(runs: Sequence[Run], chosen: Sequence[str], *, given: bool) -> str:
    if len(runs) == 1:
        rows = [("state", runs[0].state, ""), *((one, _text(runs[0].value(one)), runs[0].unit(one)) for one in chosen)]
        return table(("result", "value", "unit"), rows)
    columns = chosen if given else chosen[:_COLUMNS]
    told = [table(_heads(runs, columns), ([_text(cell) for cell in row] for row in _cells(runs, columns)))]
    if len(columns) < len(chosen):
        rest = count(len(chosen) - len(columns), "more result")
        told.append(f"{rest} to be had with --show '*', --csv or --json: {', '.join(chosen[len(columns) :])}")
    return "\n".join(told)


def _heads(runs: Sequence[Run], places: Sequence[str]) -> list[str]:
    units = {where: next((run.unit(where) for run in runs if run.unit(where)), "") for where in places}
    return [
        *runs[0].changes,
        "seed",
        "state",
        *(f"{where} [{units[where]}]" if units[where] else where for where in places),
    ]


def _cells(runs: Sequence[Run], places: Sequence[str]) -> list[list[Value | int | None]]:
    return [[*run.changes.values(), run.seed, run.state, *(run.value(where) for where in places)] for run in runs]


def _text(cell: Value | int | None) -> str:
    return NOTHING if cell is None else show(cell)


def _data(run: Run, places: Sequence[str]) -> dict[str, object]:
    results = {where: {"value": run.value(where), "unit": run.unit(where)} for where in places}
    return {"changes": run.changes, "seed": run.seed, "state": run.state, "head": run.head, "results": results}


COMMANDS = {"simulate": simulate}
