"""Three lines in a notebook: simulate a recipe at a site, look at results, readings and events, compare.

    from automation.notebook import simulate
    run = simulate("freeze-day", "a", seed=7, changes={"freeze.every": "5 s"})
    run.readings.pivot(index="time", columns="channel", values="value").plot()

``simulate_grid`` runs every combination of changes and seeds, ``compare`` puts runs and real batches side by side:

    runs = simulate_grid("freeze-day", grid={"freeze.every": ["10 s", "20 s"]}, seeds=[1, 2])
    compare(runs, cqa=["*.viability"]).rows

Everything runs in a temporary folder in simulated time; the same arguments give the same head hash.
Units: times are UTC; values in the unit that stands beside them. The tables need pandas (``cellwright[notebook]``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from automation import opener
from automation.engine.conduct import Left
from automation.engine.past import past
from automation.kernel.errors import InputError
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event, Genesis
from automation.ledger.read import Reader
from automation.surfaces.cli.comparing import aligned, gathered, named, role_of
from automation.surfaces.cli.trial import BATCH, Trial, tried
from automation.surfaces.cli.trial import grid as combinations
from automation.surfaces.documents import comparison as written
from automation.views.comparison import Classes, Comparison, How, side
from automation.views.comparison import compare as side_by_side
from automation.views.kept import Kept
from automation.views.record import Trend
from automation.views.story import Story
from automation.views.trends import trends

if TYPE_CHECKING:
    from pandas import DataFrame


def _check_pandas() -> None:
    """Say what to install when the tables can't be made."""
    if find_spec("pandas") is None:
        msg = "readings and events are tables of pandas, which is not installed: pip install 'cellwright[notebook]'"
        raise InputError(msg)


@dataclass(frozen=True)
class Simulated:
    """What a simulation came to."""

    state: str  # of the batch
    head: str  # hash of the last event, hex
    results: Mapping[str, Mapping[str, object]]  # step -> result -> value, in the units of the operation
    trends: Mapping[str, tuple[Trend, ...]] = field(repr=False)  # step -> channels
    ledger: tuple[Event, ...] = field(repr=False)
    genesis: Genesis = field(repr=False)

    @cached_property
    def story(self) -> Story:
        """Give the batch as views read it."""
        return Story(Kept(self.genesis, self.ledger), BATCH)

    @cached_property
    def readings(self) -> "DataFrame":
        """Give all process data: step, time (UTC), channel, value, unit; a gap has no value."""
        _check_pandas()
        from pandas import DataFrame, to_datetime  # noqa: PLC0415  heavy, and only in a notebook

        rows = [
            (step, at, trend.channel, value, trend.unit)
            for step, channels in self.trends.items()
            for trend in channels
            for at, value in zip(trend.times, trend.values, strict=True)
        ]
        frame = DataFrame(rows, columns=["step", "time", "channel", "value", "unit"])
        frame["time"] = to_datetime(frame["time"], unit="us", utc=True)
        return frame.sort_values(["time", "channel"], ignore_index=True)

    @cached_property
    def events(self) -> "DataFrame":
        """Give all events: seq, time (UTC), stream, kind, by, body."""
        _check_pandas()
        from pandas import DataFrame, to_datetime  # noqa: PLC0415  as above

        rows = [(one.seq, one.at, one.stream, one.kind, one.by, one.fields) for one in self.ledger]
        frame = DataFrame(rows, columns=["seq", "time", "stream", "kind", "by", "body"])
        frame["time"] = to_datetime(frame["time"], unit="us", utc=True)
        return frame


def simulate(
    recipe: str | Path, site: str | Path = "a", *, seed: int = 1, changes: Mapping[str, str] | None = None
) -> Simulated:
    """Run one engineering lot of a recipe in simulated time.

    ``recipe`` is an installed name or a file, ``site`` a packaged one (``"a"``, ``"b"``) or the folder of a simulated
    site, whose file alone is used; ``changes`` maps ``step.parameter`` to another value with its unit.
    Raises InputError for what is wrong in the arguments, RefusedError for what the rules refuse.
    """
    trial = Trial(recipe=recipe, site=site, seed=seed, changes=changes or {}, reason="simulated in a notebook")
    with tried(opener.House(), trial) as ran:
        return _gathered(ran.folder, ran.left)


def _gathered(folder: Path, left: Left) -> Simulated:
    with Reader(folder) as reader:
        events, genesis = tuple(reader.events()), reader.genesis
    prefix = f"batch/{BATCH}/step/"
    steps: dict[str, list[Event]] = {}
    for event in events:
        if event.stream.startswith(prefix):
            steps.setdefault(event.stream.removeprefix(prefix), []).append(event)
    blobs = Blobs(folder / "blobs", sync=False)
    return Simulated(
        state=left.state,
        head=left.head,
        results={step: past("", some).results for step, some in steps.items()},
        trends={step: trends(some, blobs) for step, some in steps.items()},
        ledger=events,
        genesis=genesis,
    )


def simulate_grid(
    recipe: str | Path,
    site: str | Path = "a",
    *,
    grid: Mapping[str, Sequence[str]] | None = None,
    seeds: Sequence[int] = (1,),
) -> dict[str, Simulated]:
    """Simulate every combination of the values of ``grid``, each with every seed.

    The name of a run says its changes and its seed. Raises as ``simulate``.
    """
    runs = {}
    for changes, seed in combinations(grid or {}, seeds=seeds):
        name = ", ".join([*(f"{key}={value}" for key, value in changes.items()), f"seed {seed}"])
        runs[name] = simulate(recipe, site, seed=seed, changes=changes)
    return runs


@dataclass(frozen=True)
class Compared:
    """Batches side by side; the tables need pandas, which also writes them as Parquet (``cellwright[parquet]``)."""

    found: Comparison

    @cached_property
    def rows(self) -> "DataFrame":
        """Give a row for each line and batch, with its class, unit, role, value, band, and whether it is outside."""
        _check_pandas()
        from pandas import DataFrame  # noqa: PLC0415  heavy, and only in a notebook

        frame = DataFrame(list(written.row_lines(self.found)), columns=list(written.ROWS))
        return frame.astype(dict.fromkeys(("value", "low", "high"), float))

    @cached_property
    def curves(self) -> "DataFrame":
        """Give one row for each point of each curve: where, unit, batch, role, seconds, value; a gap has no value."""
        _check_pandas()
        from pandas import DataFrame  # noqa: PLC0415  as above

        return DataFrame(list(written.curve_lines(self.found)), columns=list(written.CURVES))

    @property
    def html(self) -> bytes:
        """Give the page with plots."""
        return written.page(self.found)


def compare(
    batches: Mapping[str, "Simulated | str"],
    *,
    roles: Mapping[str, str] | None = None,
    cpp: Sequence[str] = (),
    cqa: Sequence[str] = (),
    align: Sequence[str] = (),
) -> Compared:
    """Put runs, and batches of sites named as ``BATCH@DIR``, side by side under the names of ``batches``.

    ``roles`` gives some of them a role: sending, receiving, historical; ``cpp`` and ``cqa`` are patterns of
    ``step.name``; ``align`` names ``step.state`` where curves are zero. Raises InputError for what is not known.
    """
    how = How(aligned(align), opener.House().operations())
    sides = []
    for name, one in batches.items():
        role = role_of((roles or {}).get(name, ""))
        if isinstance(one, Simulated):
            sides.append(side(one.story, one.trends, label=name, role=role, how=how))
        else:
            read = gathered([replace(named(one, Path()), role=role)], how)
            sides += [replace(found, label=name) for found in read]
    return Compared(side_by_side(sides, Classes(tuple(cpp), tuple(cqa))))
