"""Whether two groups differ: in how many have a property, or in a number; numbers exactly for up to 24 values.

Units:  probabilities are between 0 and 1: how often chance alone, were there no difference, would differ so much.
Source: Fisher, The Design of Experiments (1935) 2; Wilcoxon (1945), Mann and Whitney (1947) with mid-ranks for ties;
        Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.
"""

import math
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

_EXACT = 24  # values; beyond, the normal approximation stands in, which makes small probabilities rather too large


def fisher(first: int, *, of_first: int, second: int, of_second: int) -> float:
    """Give the two-sided probability that chance alone parts ``first`` of some from ``second`` of others so far."""
    with_it, number = first + second, of_first + of_second
    ways = [
        math.comb(of_first, at) * math.comb(of_second, with_it - at)
        for at in range(max(0, with_it - of_second), min(of_first, with_it) + 1)
    ]
    seen = math.comb(of_first, first) * math.comb(of_second, second)
    return sum(way for way in ways if way <= seen) / math.comb(number, with_it)


def smallest(of_first: int, of_second: int) -> float:
    """Give the smallest probability that ``fisher`` can come to: all of one group, none of the other."""
    return 1.0 / math.comb(of_first + of_second, of_first)


def rank_sum(first: Sequence[float], second: Sequence[float]) -> float:
    """Give the two-sided probability that the numbers of two groups differ in place by chance."""
    every = sorted((*first, *second))
    doubled = [bisect_left(every, one) + bisect_right(every, one) + 1 for one in every]  # mid-ranks, twice
    at = dict(zip(every, doubled, strict=True))
    middle = len(first) * (len(every) + 1)
    off = abs(sum(at[one] for one in first) - middle)
    if len(every) > _EXACT:
        return _by_normal(doubled, taken=len(first), off=off)
    ways: dict[tuple[int, int], int] = {(0, 0): 1}
    for rank in doubled:
        for (taken, total), number in list(ways.items()):
            if taken < len(first):
                key = taken + 1, total + rank
                ways[key] = ways.get(key, 0) + number
    far = (number for (taken, total), number in ways.items() if taken == len(first) and abs(total - middle) >= off)
    return sum(far) / math.comb(len(every), len(first))


def _by_normal(doubled: Sequence[int], *, taken: int, off: int) -> float:
    """Give the probability by the normal approximation, with ties and continuity corrected."""
    number, mean = len(doubled), statistics.fmean(doubled)
    scatter = statistics.fmean((rank - mean) ** 2 for rank in doubled)
    variance = taken * (number - taken) * scatter / (number - 1)
    return min(1.0, math.erfc(max(0.0, off - 1.0) / math.sqrt(2.0 * variance))) if variance > 0.0 else 1.0


def holm(probabilities: Sequence[float]) -> tuple[float, ...]:
    """Give each probability as it stands when all were asked: the chance that any would be so small."""
    order = sorted(range(len(probabilities)), key=lambda at: probabilities[at])
    found = [0.0] * len(probabilities)
    highest = 0.0
    for place, at in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - place) * probabilities[at]))
        found[at] = highest
    return tuple(found)
