"""The report over many seeds of the final day: distributions beside public numbers, what is out of limits, coverage.

Units: as each line says.
Source: marks of the public numbers: C confirmed in a public source, M from memory, S computed, D a design default.
"""

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.plant.seeds_of_final_day import Seeded

_SEEDS = 12  # that are named
_NUMBER = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Public:
    """A number of the report beside what is public of it."""

    name: str
    unit: str
    says: str
    scale: float = 1.0
    digits: int = 2


REPORT = (
    Public("recovery", "%", "80-95 % (C: harvest, wash, concentrate); model r^n x 0.97, r 0.97 (D)"),
    Public("true recovery", "%", "the same, of live cells in the world"),
    Public("viability, harvest", "%", ">= 80 % in process (M)"),
    Public("viability, washed", "%", ">= 70 % (C: CTL019), >= 80 % (C: tisagenlecleucel); + 1 % a cycle (D)"),
    Public("residual medium", "%", "f^n or e^-ND: 3 volumes 5 %, 5 volumes 0.67 % (S), calculated", digits=4),
    Public("true residual medium", "%", "protein per mL in the washed bag over that in the harvest", digits=4),
    Public("true DMSO after wash", "%", "C0 x f^n (S), C0 0.05 %", digits=5),
    Public("DMSO in the product", "%", "10 % (C: CS10); 7.5 % (C: tisagenlecleucel)"),
    Public("true DMSO in the product", "%", "the same, in the first bag"),
    Public("viable concentration", "1e6/mL", "1-100e6/mL (C)", scale=1e-6),
    Public("volume per bag", "mL", "10-50 mL (C)"),
    Public(
        "dose per bag",
        "1e8",
        "0.6-6e8 or 0.1-2.5e8 CAR-positive viable cells (C), +/- 20 % of a cohort (C)",
        scale=1e-8,
    ),
    Public("true dose per bag", "1e8", "live cells in the first bag when freezing begins", scale=1e-8),
    Public("exposure to freezing", "min", "<= 30-60 min, at 2-8 degC preferred (M)", digits=1),
    Public("day, receipt to store", "h", "<= 4-6 h end to end (D)"),
    Public("volume unaccounted for", "mL", "0 within its uncertainty"),
    Public("volume, expanded uncertainty", "mL", ""),
    Public("viable cells unaccounted for", "%", "0 within its uncertainty", digits=3),
    Public("volume of the wash unaccounted for", "mL", "0 within its uncertainty"),
    Public("mass unaccounted for", "g", "0 within its uncertainty"),
)


def report(results: Sequence[Seeded]) -> Iterator[str]:
    """Give the whole report, line by line."""
    yield from _distributions(results)
    yield from _verdicts(results)
    yield from _out_of_limits(results)
    yield from _balances(results)
    yield from _coverage(results)


def _distributions(results: Sequence[Seeded]) -> Iterator[str]:
    yield f"{'':36s} {'unit':>7s} {'median':>9s} {'5 %':>9s} {'95 %':>9s} {'least':>9s} {'most':>9s}  public"
    for one in REPORT:
        values = sorted(seed.numbers[one.name] * one.scale for seed in results if one.name in seed.numbers)
        if values:
            shown = (statistics.median(values), _quantile(values, 0.05), _quantile(values, 0.95), values[0], values[-1])
            figures = " ".join(f"{value:9.{one.digits}f}" for value in shown)
            yield f"{one.name:36s} {one.unit:>7s} {figures}  {one.says}".rstrip()


def _verdicts(results: Sequence[Seeded]) -> Iterator[str]:
    yield ""
    for name, some in (("batch", [one.state for one in results]), ("freeze", [one.freeze for one in results])):
        counts = {word: some.count(word) for word in dict.fromkeys(some)}
        yield f"{name}: " + ", ".join(f"{number} {word}" for word, number in counts.items())


def _out_of_limits(results: Sequence[Seeded]) -> Iterator[str]:
    """Count results beyond limits, and what opened a deviation (by its words without the numbers), with the seeds."""
    beyond: dict[str, list[tuple[int, str]]] = {}
    for one in results:
        for name, sentence in one.beyond:
            beyond.setdefault(name, []).append((one.seed, sentence))
    yield f"{sum(not one.beyond for one in results)} of {len(results)} seeds with all results within limits"
    yield from _counted(beyond)
    found: dict[str, list[tuple[int, str]]] = {}
    for one in results:
        for title in one.deviations:
            found.setdefault(_NUMBER.sub("#", title), []).append((one.seed, title))
    clean = sum(not one.deviations for one in results)
    yield f"{clean} of {len(results)} seeds without a deviation"
    yield from _counted(found)


def _counted(found: Mapping[str, Sequence[tuple[int, str]]]) -> Iterator[str]:
    for some in sorted(found.values(), key=len, reverse=True):
        seeds = list(dict.fromkeys(seed for seed, _ in some))
        told = ", ".join(str(seed) for seed in seeds[:_SEEDS]) + (", ..." if len(seeds) > _SEEDS else "")
        yield f"  {len(some)} times, for example {some[0][1]} (seeds {told})"


def _balances(results: Sequence[Seeded]) -> Iterator[str]:
    yield ""
    for name in dict.fromkeys(name for one in results for name in one.closes):
        some = [one.closes.get(name) for one in results]
        unknown = f", {some.count(None)} not evaluable" if None in some else ""
        yield f"balance of {name}: {some.count(True)} of {len(some)} close within the stated uncertainty{unknown}"


def _coverage(results: Sequence[Seeded]) -> Iterator[str]:
    """Say how often the truth lies within the expanded uncertainty; about 95 % is honest, 100 % is cautious."""
    yield ""
    head = f"{'truth within the expanded uncertainty':40s} {'share':>8s} {'seeds':>6s}"
    yield f"{head} {'mean off':>9s} {'worst':>7s}  (in standard uncertainties)"
    for name in dict.fromkeys(name for one in results for name in one.against):
        some = [one.against[name] for one in results if name in one.against]
        share = 100.0 * sum(one.covers for one in some) / len(some)
        off = [one.off for one in some]
        worst = max(off, key=abs)
        yield f"{name:40s} {share:6.1f} % {len(some):6d} {statistics.fmean(off):9.2f} {worst:7.2f}"


def _quantile(values: Sequence[float], share: float) -> float:
    """Give a quantile of sorted values, a straight line between neighbours."""
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])
