"""Particles in the air of a room: what its grade lets pass at rest, and what a door or a person adds for a while.

Physics: concentration at rest is a share of the limit of the grade; a door that opens adds particles, which the
         ventilation thins out exponentially; what a counter finds in a volume is a Poisson number of the mean over the
         time of its sample, each size range on its own.
Units:   um; particles per m3; L; s.
Source:  EU GMP Annex 1 (2022), limits of monitoring at rest (per m3 of 0.5 and 5 um: A and B 3520 and 29, C 352000
         and 2930, D 3520000 and 29300); ISO 14644-1 (counts fall with size to the power of -2.08). Recovery to a
         hundredth in 15 min, ``AT_REST`` and ``DOOR`` are assumed.
"""

import math
from dataclasses import dataclass

from automation.kernel.ids import keyed
from automation.kernel.quantity import Instant, Litres

LIMITS = {"A": 3_520.0, "B": 3_520.0, "C": 352_000.0, "D": 3_520_000.0}  # per m3 of at least 0.5 um, at rest
AT_REST = {"A": 0.002, "B": 0.05, "C": 0.1, "D": 0.1}  # share of the limit that a room in order has
DOOR = {"A": 0.02, "B": 0.6, "C": 0.6, "D": 0.3}  # share of the limit that one opening of a door adds
STEEPNESS = 2.08
RECOVERY = 15.0 * 60.0 / math.log(100.0)  # s
LITRES = 1000.0  # in 1 m3
MANY = 50.0  # mean from which on the normal form is taken


@dataclass(frozen=True, slots=True)
class Cloud:
    """Particles that came at once and are thinned out (per m3 of at least 0.5 um)."""

    since: Instant
    amount: float

    def between(self, *, start: float, end: float) -> float:
        """Give the mean over a while (s, UTC)."""
        first = max(start, float(self.since))
        if end <= first:
            return 0.0
        left, right = (math.exp(-(at - float(self.since)) / RECOVERY) for at in (first, end))
        return self.amount * RECOVERY * (left - right) / (end - start)


class Air:
    """The air at one place."""

    def __init__(self, grade: str) -> None:
        """Be at rest in a room of a grade (A to D)."""
        self.grade = grade
        self._clouds: list[Cloud] = []

    def door(self, now: Instant, *, times: float = 1.0) -> None:
        """Let somebody open a door."""
        self._clouds.append(Cloud(now, times * DOOR[self.grade] * LIMITS[self.grade]))

    def mean(self, size: float, *, start: float, end: float) -> float:
        """Give the mean concentration of particles of at least a size over a while (per m3)."""
        at_half = AT_REST[self.grade] * LIMITS[self.grade] + sum(
            one.between(start=start, end=end) for one in self._clouds
        )
        return float(at_half * (0.5 / size) ** STEEPNESS)

    def expected(self, sizes: tuple[float, ...], volume: Litres, *, start: float, end: float) -> tuple[float, ...]:
        """Give how many particles of each size range are in the drawn volume on average."""
        least = [self.mean(size, start=start, end=end) * float(volume) / LITRES for size in sizes]
        return tuple(small - large for small, large in zip(least, [*least[1:], 0.0], strict=True))


def poisson(mean: float, seed: int, *names: str | int) -> int:
    """Give a Poisson number that depends on (seed, names) alone; of a large mean by its normal form."""
    random = keyed(seed, *names)
    if mean > MANY:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    limit, many, product = math.exp(-mean), 0, random.random()
    while product > limit:
        many += 1
        product *= random.random()
    return many
