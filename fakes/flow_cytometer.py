"""Fake flow cytometer: a person acquires a stained sample, some time later an FCS file stands in the folder.

Physics: each event is one cell or a piece of debris, drawn by its share in the tube; scatter and dyes are log-normal
         about their medians, then spilled into each other. All by (seed, device, sample, repeat).
Units:   linear channel values; cells of the world.
Source:  ISAC FCS 3.1 (see the wire module) for the form. Brightness, spread, debris and spill are assumed: they make
         populations that can be told apart, as with a well titrated panel.
"""

import math
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from automation.kernel.clock import local
from automation.kernel.errors import FailedError
from automation.kernel.ids import keyed
from automation.kernel.quantity import Instant, Seconds
from fakes.contents import Contents
from fakes.result_folder import LONGEST, FakeFolder, within
from fakes.world import World

if TYPE_CHECKING:
    import numpy as np

TAKES = Seconds(300.0)  # s from the start of an acquisition to its file; assumed
USUAL, MOST = 4_000, 200_000  # events
DEBRIS = 0.08  # share of all events; assumed
NEGATIVE, POSITIVE, SPREAD = 120.0, 9_000.0, 0.35  # medians of a dye, and standard deviation of its logarithm
DEAD = "dead"


class _Chance(Protocol):
    """A source of chance, by the seed."""

    def random(self) -> float: ...
    def gauss(self, mu: float, sigma: float, /) -> float: ...


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel with its dye: what is bright in it."""

    name: str
    marker: str
    shows: str  # cells whose name holds this, or ``DEAD``


CHANNELS = (
    Channel("V450-A", "Viability", DEAD),
    Channel("R660-A", "CD3", "CD3+"),
    Channel("B530-A", "CAR", "CAR+"),
    Channel("V605-A", "CD8", "CD8+"),
    Channel("R780-A", "CD4", "CD4+"),
    Channel("B695-A", "CD56", "CD56+"),
)
SPILLS = {
    ("B530-A", "B695-A"): 0.06,
    ("R660-A", "R780-A"): 0.09,
    ("V450-A", "V605-A"): 0.04,
    ("B695-A", "R660-A"): 0.03,
}
"""Share of a dye (first) that is seen in the channel of another (second)."""


class FakeFlowCytometer(FakeFolder):
    """A folder, and the cytometer that writes into it."""

    def __init__(self, world: World, *, device: str = "flow_cytometer") -> None:
        """Acquire the tubes of a world."""
        super().__init__()
        self._world, self._device = world, device
        self._repeats: dict[str, int] = {}

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand act; raises FailedError for an unknown action or tube.

        ``acquire`` a ``sample`` (``events``, ``after`` s, ``compensated`` false: no matrix), or as on any folder.
        """
        if action == "acquire":
            self._acquire(str(details.get("sample", "")), details, now)
        else:
            super().hand(action, details, now)

    def _acquire(self, sample: str, details: Mapping[str, object], now: Instant) -> None:
        import numpy as np  # noqa: PLC0415  numpy only where a tube is acquired

        from automation.formulas.cytometry import Spill  # noqa: PLC0415  as above
        from instruments.drivers.fcs.wire.writing import write  # noqa: PLC0415  as above

        contents = self._world.container(sample).contents if self._world.has(sample) else None
        if contents is None or float(contents.cells) <= 0.0:
            msg = f"there is no tube of sample {sample!r} with cells to acquire"
            raise FailedError(msg)
        events = int(within(details, "events", usual=float(USUAL), most=float(MOST)))
        done = now + Seconds(within(details, "after", usual=float(TAKES), most=LONGEST))
        repeat = self._repeats[sample] = self._repeats.get(sample, 0) + 1
        chance = keyed(self._world.seed, self._device, sample, repeat)
        spill = Spill(tuple(one.name for one in CHANNELS), _matrix())
        values = np.array(_events(contents, events, chance)).reshape(events, 2 + len(CHANNELS))
        values[:, 2:] = values[:, 2:] @ spill.matrix
        at = local(done, zone="UTC")
        keywords = {
            "$SMNO": sample,
            "$DATE": at.strftime("%d-%b-%Y").upper(),
            "$BTIM": local(now, zone="UTC").strftime("%H:%M:%S"),
            "$ETIM": at.strftime("%H:%M:%S"),
            "$CYT": "fake cytometer",
        }
        channels = [("FSC-A", ""), ("SSC-A", ""), *((one.name, one.marker) for one in CHANNELS)]
        told = None if details.get("compensated") in {False, "false"} else spill
        name = f"{sample}.fcs" if repeat == 1 else f"{sample}_{repeat}.fcs"
        self.put(name, write(channels, values, told, keywords), done=done)


def _matrix() -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    import numpy as np  # noqa: PLC0415  as above

    names = [one.name for one in CHANNELS]
    matrix = np.eye(len(names))
    for (dye, seen), share in SPILLS.items():
        matrix[names.index(dye), names.index(seen)] = share
    return matrix


def _events(contents: Contents, events: int, chance: _Chance) -> list[list[float]]:
    """Draw events by the shares of what is in the tube."""
    live = float(contents.live)
    named = dict(contents.subsets)
    kinds = [*named, "", DEAD]
    cells = [*named.values(), max(0.0, live - sum(named.values())), float(contents.dead)]
    below = list(accumulate(cells))
    drawn = [kinds[min(bisect(below, chance.random() * below[-1]), len(kinds) - 1)] for _ in range(events)]
    return [_event("debris" if chance.random() < DEBRIS else kind, chance) for kind in drawn]


def _event(kind: str, chance: _Chance) -> list[float]:
    """Give forward and side scatter and the dyes of one event."""
    size, grain = {"debris": (9_000.0, 6_000.0), DEAD: (55_000.0, 45_000.0)}.get(kind, (90_000.0, 30_000.0))
    scatter = [_about(size, chance, spread=0.18), _about(grain, chance, spread=0.25)]
    return scatter + [_about(POSITIVE if one.shows in kind else NEGATIVE, chance) for one in CHANNELS]


def _about(median: float, chance: _Chance, *, spread: float = SPREAD) -> float:
    return median * math.exp(spread * chance.gauss(0.0, 1.0))


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeFlowCytometer:  # noqa: ARG001  it has no settings
    """Make a cytometer that acquires the tubes of the world."""
    return FakeFlowCytometer(world, device=name)
