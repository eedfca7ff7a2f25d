"""Components of variance: how much of the scatter lies between patients, lots, people or devices, and how much within.

Random effects, one way or nested (lots within patients within sites), by the method of moments: sums of squares are set
equal to what they are expected to be, also where groups are of different size. A component that comes out below 0 is 0.
Units:  variances are in the square of the unit of the values; shares are between 0 and 1.
Source: Montgomery, Design and Analysis of Experiments, 3.9 and 14.1 (analysis of variance, worked examples); Searle,
        Casella and McCulloch, Variance Components, 3.6 (unequal numbers); ISO 5725-2, 7.4 (within and between).
"""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from automation.formulas.distributions import beta_below
from automation.kernel.errors import InputError

FEWEST = 5  # groups of the outermost level: of fewer a component is known by its order of magnitude at best


@dataclass(frozen=True, slots=True)
class Observation:
    """One value and the groups that it is of, the outermost first."""

    groups: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class Component:
    """One level of the analysis: between its groups, within those of the level before."""

    name: str
    squares: float  # sum of squares
    free: int  # degrees of freedom
    variance: float
    share: float  # of the sum of all components
    probability: float | None  # that chance alone gives so much (F); None where group sizes differ, and for the rest

    @property
    def mean_square(self) -> float:
        """Give the mean square."""
        return self.squares / self.free


def components(seen: Sequence[Observation], levels: Sequence[str], *, fewest: int = FEWEST) -> tuple[Component, ...]:
    """Split the scatter by nested levels, the last of what comes out being that within the innermost groups.

    Raises InputError for too few groups, and for a level or a rest without degrees of freedom.
    """
    if not levels or any(len(one.groups) != len(levels) for one in seen):
        raise InputError("each value needs its group at each level, and there has to be a level")
    outer = len({one.groups[0] for one in seen})
    if outer < fewest:
        raise InputError(f"there are {outer} of {levels[0]}; a component of variance needs at least {fewest}")
    sizes = [_sizes(seen, depth) for depth in range(len(levels) + 1)]
    named = (*levels, "within")
    counts = [*(len(one) for one in sizes), len(seen)]
    free = [after - before for before, after in itertools.pairwise(counts)]
    for name, left in zip(named, free, strict=True):
        if left < 1:
            inside = (
                "nothing is repeated within the groups" if name == "within" else f"{name} says no more than its group"
            )
            raise InputError(f"{name} has no degrees of freedom: {inside}")
    sums = [*(_raw(seen, depth) for depth in range(len(levels) + 1)), sum(one.value**2 for one in seen)]
    squares = [max(after - before, 0.0) for before, after in itertools.pairwise(sums)]
    found = _solved(squares, free, sizes, number=len(seen))
    total = sum(found)
    if total <= 0.0:
        raise InputError("no value differs: there is no scatter to split")
    even = all(len(set(one.values())) == 1 for one in sizes)
    chances = [_chance(squares, free, at) if even else None for at in range(len(levels))]
    rows = zip(named, squares, free, found, [*chances, None], strict=True)
    return tuple(Component(name, ss, df, one, one / total, chance) for name, ss, df, one, chance in rows)


def _sizes(seen: Sequence[Observation], depth: int) -> dict[tuple[str, ...], int]:
    counted: dict[tuple[str, ...], int] = defaultdict(int)
    for one in seen:
        counted[one.groups[:depth]] += 1
    return counted


def _raw(seen: Sequence[Observation], depth: int) -> float:
    """Give the sum over groups of (sum of the group)**2 / its size."""
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    for one in seen:
        sums[one.groups[:depth]] += one.value
    sizes = _sizes(seen, depth)
    return sum(value**2 / sizes[group] for group, value in sums.items())


def _solved(
    squares: Sequence[float], free: Sequence[int], sizes: Sequence[dict[tuple[str, ...], int]], *, number: int
) -> list[float]:
    """Solve the expected sums of squares from within to the outermost level."""
    found = [0.0] * len(squares)
    found[-1] = squares[-1] / free[-1]
    for level in reversed(range(len(squares) - 1)):
        rest = squares[level] - free[level] * found[-1]
        for inner in range(level + 1, len(squares) - 1):
            rest -= found[inner] * (_weight(sizes, level + 1, inner=inner + 1) - _weight(sizes, level, inner=inner + 1))
        found[level] = rest / (number - _weight(sizes, level, inner=level + 1))
    return [max(one, 0.0) for one in found]


def _weight(sizes: Sequence[dict[tuple[str, ...], int]], depth: int, *, inner: int) -> float:
    """Give how often the variance of an inner level is counted in the raw sum of an outer one."""
    return sum(count**2 / sizes[depth][group[:depth]] for group, count in sizes[inner].items())


def _chance(squares: Sequence[float], free: Sequence[int], at: int) -> float:
    below = squares[at + 1] / free[at + 1]
    if below == 0.0:
        return 0.0
    f = squares[at] / free[at] / below
    first, second = free[at], free[at + 1]
    return 1.0 - beta_below(first * f / (first * f + second), a=first / 2, b=second / 2)
