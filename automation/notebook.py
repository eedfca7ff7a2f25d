"""Three lines in a notebook: simulate a recipe at a site, look at results, readings and events.

    from automation.notebook import simulate
    run = simulate("freeze-day", "a", seed=7, changes={"freeze.every": "5 s"})
    run.readings.pivot(index="time", columns="channel", values="value").plot()

Everything runs in a temporary folder in simulated time; the same arguments give the same head hash.
Units: times are UTC; values in the unit that stands beside them. The tables need pandas (``cellwright[notebook]``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from automation import opener
from automation.engine.conduct import Left
from automation.engine.past import past
from automation.kernel.errors import InputError
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.surfaces.cli.trial import BATCH, Trial, tried
from automation.views.record import Trend
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
        events = tuple(reader.events())
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
    )
