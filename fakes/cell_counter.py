"""What all fake cell counters share: a person counts a sample, some time later a result file stands in the folder.

Physics: live and dead cells in the imaged volume are Poisson, seeded by (seed, device, sample, repeat).
Units:   cells/mL, %, s, mL of imaged volume.
Source:  words of ``instruments.transport.folder``; what a model images stands in its own module.
"""

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from automation.kernel.errors import FailedError
from automation.kernel.ids import keyed
from automation.kernel.quantity import Instant, Seconds
from fakes.result_folder import LONGEST, FakeFolder, within
from fakes.world import World

Suspension = tuple[float, float]
"""Total cells/mL and viability in %."""

Source = Callable[[str, Instant], Suspension | None]
"""Gives what is truly in the tube of a sample; None when there is no such tube."""

MOST_TOTAL, MOST_DILUTION = 1e12, 1e6  # cells/mL, and times


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the instrument has seen of one sample."""

    sample: str
    live: int
    dead: int
    dilution: float
    imaged: float  # mL
    done: Instant

    @property
    def cells(self) -> int:
        """Give all cells."""
        return self.live + self.dead

    @property
    def viability(self) -> float:
        """Give the share of live cells (%); 0 without cells."""
        return 100.0 * self.live / self.cells if self.cells else 0.0

    def per_ml(self, cells: int) -> float:
        """Give a number of cells as cells/mL of the sample."""
        return cells * self.dilution / self.imaged


class FakeCounter(FakeFolder):
    """A folder, and a counter that writes into it."""

    imaged: ClassVar[float]  # mL
    takes: ClassVar[Seconds]  # from the start of a count to its file
    suffix: ClassVar = "csv"

    def __init__(self, seed: int, source: Source | None = None, *, device: str, encoding: str = "utf-8") -> None:
        """Start with an empty folder; ``encoding`` is how the export is set."""
        super().__init__(encoding=encoding)
        self.source: Source = source or (lambda _sample, _now: None)
        self._seed, self._device = seed, device
        self._repeats: dict[str, int] = {}

    @abstractmethod
    def form(self, counted: Counted) -> str:
        """Give the text of the result file of one count."""

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand act on instrument or folder; raises FailedError for another action or an unknown tube or file.

        ``count`` a ``sample`` (with ``total`` cells/mL and ``viability`` % unless the source knows it, ``dilution``,
        ``after`` s), or as on any folder.
        """
        if action == "count":
            self._count(details, now)
        else:
            super().hand(action, details, now)

    def _count(self, details: dict[str, object], now: Instant) -> None:
        sample = str(details.get("sample", ""))
        stated = None
        if "total" in details:
            stated = within(details, "total", most=MOST_TOTAL), within(details, "viability", most=100.0)
        tube = stated or self.source(sample, now)
        if tube is None:
            msg = f"there is no tube of sample {sample!r} to count"
            raise FailedError(msg)
        dilution = max(1.0, within(details, "dilution", usual=1.0, most=MOST_DILUTION))
        done = now + Seconds(within(details, "after", usual=float(self.takes), most=LONGEST))
        repeat = self._repeats[sample] = self._repeats.get(sample, 0) + 1
        seen = tube[0] / dilution * self.imaged
        live = self._poisson(seen * tube[1] / 100, sample, repeat, "live")
        dead = self._poisson(seen * (1 - tube[1] / 100), sample, repeat, "dead")
        counted = Counted(sample=sample, live=live, dead=dead, dilution=dilution, imaged=self.imaged, done=done)
        name = f"{sample}.{self.suffix}" if repeat == 1 else f"{sample}_{repeat}.{self.suffix}"
        self.put(name, self.form(counted).encode(self.encoding), done=done)

    def _poisson(self, mean: float, *names: str | int) -> int:
        """Draw a Poisson number; above 30 by the normal law."""
        chance = keyed(self._seed, self._device, *names)
        if mean > 30:
            return max(0, round(chance.gauss(mean, math.sqrt(mean))))
        count, left = 0, math.exp(-mean)
        product = chance.random()
        while product > left:
            count, product = count + 1, product * chance.random()
        return count


def tubes(world: World) -> Source:
    """Give what is in the tubes of a world."""
    return lambda sample, _now: suspension(world, sample)


def suspension(world: World, tube: str) -> Suspension | None:
    """Give cells/mL and viability (%) in a tube; None when there is no such tube or nothing in it."""
    contents = world.container(tube).contents if world.has(tube) else None
    if contents is None or float(contents.volume) <= 0.0:
        return None
    return float(contents.cells) / float(contents.volume), 100.0 * contents.viability
