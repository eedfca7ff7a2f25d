"""Our simulated distributions beside public numbers: which were used to set the fakes, which were kept apart to check.

Run with ``python -m tests.plant.realism --seeds 200``, in two processes; with ``--write`` its table becomes
docs/realism.md. Ends with 1 when a number is neither within what is published nor explained.
What the record says is read off the ledger; "true" is looked up in the world of the fakes.
Units: as each row says.
"""

import argparse
import math
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from automation.bootstrap import Way
from automation.engine.site import Site
from automation.kernel.ids import normal
from automation.kernel.quantity import Cells, Instant, Millilitres
from fakes.contents import Contents, filled
from fakes.physics import culture
from fakes.world import World
from tests.plant.realism_numbers import CAR_NK, CAR_T, FINAL_DAY, INFUSION, NUMBERS, STARTING, TIL, Number, Use
from tests.support.runs import BATCH, Run, make_site, plant_of, run_batch, when

SEEDS, PROCESSES = 200, 2
LONGEST = 40 * 86_400.0  # s; a batch that is held is left so
PAGE = Path(__file__).parents[2] / "docs" / "realism.md"
DAY = 86_400.0  # s
MEDIUM, STORED = "medium protein", "BAG-0101"
MOMENTS: Mapping[str, Mapping[str, str]] = {
    CAR_T: {"select": "set out", "count": "drawn"},
    FINAL_DAY: {"wash": "empty", "count-washed": "drawn"},
    INFUSION: {"thaw": "cold"},
}
"""The steps at whose begin the world is looked at, with the state that each begins in."""

Values = Mapping[str, float]
Figures = Iterator[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A run that is over, and what was truly in its containers at some moments (``end``: afterwards)."""

    run: Run
    true: Mapping[str, Mapping[str, Contents]]
    seed: int

    def number(self, step: str, key: str) -> float:
        """Give a number of a step's results; raises KeyError without it, TypeError for what is none."""
        value = self.run.step(step).results[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{step}.{key} is {value!r}; a number is needed")
        return float(value)

    @property
    def days(self) -> list[Mapping[str, float]]:
        """Give the samples of the expansion."""
        found = self.run.step("expand").results["days"]
        return found if isinstance(found, list) else []

    @property
    def lasted(self) -> float:
        """Give how long the batch took (s)."""
        return (self.run.events[-1].at - self.run.events[0].at) / 1e6


def run_seed(seed: int, *, recipe: str) -> Values:
    """Run a recipe with a seed in a folder of its own; gives its numbers by name."""
    with tempfile.TemporaryDirectory() as name:
        return numbers(seen(Path(name), seed, recipe=recipe), recipe)


def seen(folder: Path, seed: int, *, recipe: str) -> Seen:
    """Run a recipe with a seed and look at the world on the way."""
    true: dict[str, Mapping[str, Contents]] = {}
    worlds: list[World] = []

    def look(site: Site) -> None:
        worlds.append(plant_of(site).world)
        for step, state in MOMENTS.get(recipe, {}).items():
            when(site, step, state, partial(note, step))

    def note(step: str) -> None:
        true[step] = {name: worlds[0].container(name).contents for name in worlds[0].names()}

    run = run_batch(make_site(folder, "a"), look, recipe=recipe, way=Way(seed=seed), until=LONGEST)
    note("end")
    return Seen(run, true, seed)


def numbers(found: Seen, recipe: str) -> Values:
    """Give the numbers of a run by name; none for one that did not come to its end."""
    return dict(READERS[recipe](found)) if found.run.state == "closed" else {}


def _car_t(found: Seen) -> Figures:
    """Read a course of CAR-T cells."""
    before, after = found.true["select"][f"{BATCH}-P"], found.true["count"][f"{BATCH}-S"]
    yield "wanted cells recovered by the selection", 100.0 * _marked(after, "CD3+") / _marked(before, "CD3+")
    yield "purity after the selection", 100.0 * _marked(after, "CD3+") / float(after.live)
    reduced = found.number("count-reduced", "viable_cells") / found.number("count-apheresis", "viable_cells")
    yield "platelet reduction, viable cells recovered", 100.0 * reduced
    days = found.days
    least = min(day["viability"] for day in days)
    yield (
        "dip of viability after activation",
        found.number("count", "viability") - min(d["viability"] for d in days[:2]),
    )
    yield "viability in culture, least", least
    pace = math.exp(culture.PACE_SPREAD * normal(found.seed, "doubling"))
    yield "doubling time of sparse cells", culture.Law("CD3+").doubling * pace
    grown = math.log2(days[1]["cells"] / days[0]["cells"])
    yield "doubling time, first to second sample", (days[1]["at"] - days[0]["at"]) / 3600.0 / grown
    yield "days from receipt to harvest", (days[-1]["at"] - found.run.events[0].at / 1e6) / DAY
    yield "fold expansion at harvest", found.number("expand", "fold")
    yield "fold of 1e8 cells by day 11, room for 3.5e9", _fold_of_model(pace)
    yield "viable cells at harvest", found.number("expand", "viable_concentration") / 1e6
    yield "glucose, least", min(day["glucose"] for day in days)
    yield "lactate, most", max(day["lactate"] for day in days)
    yield "carrying the vector, static, MOI 5", found.number("phenotype", "carrying")
    yield "T cells in the product", found.number("phenotype", "wanted")
    yield "beads left per 3e6 cells", found.number("harvest", "beads")
    washed = found.number("count-washed", "viable_cells")
    yield "harvest to washed cells, recovery", 100.0 * washed / found.number("expand", "viable_cells")
    yield "viability of the washed cells", found.number("count-washed", "viability")
    dose = found.number("fill", "dose_per_bag") * found.number("phenotype", "carrying") / 100.0
    yield "viable CAR-positive cells per bag", dose / 1e8
    yield "volume per bag", found.number("fill", "smallest_bag")
    yield "DMSO in the product", found.number("formulate", "dmso")
    contact = found.number("freeze", "started_at") - found.number("formulate", "contact_at")
    yield "cryoprotectant to freezing", contact / 60.0


def _final_day(found: Seen) -> Figures:
    """Read a final day: wash, formulation, filling, freezing."""
    before, after = found.true["wash"]["HARV-0001"], found.true["count-washed"][f"{BATCH}-W"]
    yield "wash, true recovery of live cells", 100.0 * float(after.live) / float(before.live)
    yield "wash, gain of viability", 100.0 * (after.viability - before.viability)
    yield "wash, true residual of the medium", 100.0 * _per_ml(after, MEDIUM) / _per_ml(before, MEDIUM)
    yield "ice forms, as seen on the curve", found.number("freeze", "nucleation")
    yield "cooling from -10 to -40", found.number("freeze", "rate")
    yield "freezing run", (found.number("freeze", "ended_at") - found.number("freeze", "started_at")) / 60.0
    yield "product at the end of the run", found.number("freeze", "end")
    yield "receipt to store", found.lasted / 3600.0


def _infusion(found: Seen) -> Figures:
    """Read the thaw of a bag for infusion."""
    before, after = found.true["thaw"][STORED], found.true["end"][STORED]
    yield "live cells that survive freezing and thawing", 100.0 * float(after.live) / float(before.live)
    yield "viability of the thawed bag", 100.0 * after.viability
    yield "thaw of 50 mL from -190 degC", found.number("thaw", "thaw_time") / 60.0


def _starting(found: Seen) -> Figures:
    """Read the thaw of an apheresis."""
    yield "viability of the thawed apheresis, counted", found.number("count", "viability")


def _til(found: Seen) -> Figures:
    """Read a course of tumour-infiltrating lymphocytes."""
    yield "rapid expansion, fold in 11 days", found.number("expand", "fold")
    yield "days from tumour to store", found.lasted / DAY
    yield "viable cells of the harvest", found.number("count-harvest", "viable_cells") / 1e9
    yield "viability of the washed cells", found.number("count-washed", "viability")


def _car_nk(found: Seen) -> Figures:
    """Read a course of CAR-NK cells."""
    yield "fold expansion with feeders, 14 days", found.number("expand", "fold")
    yield "CD56+CD3- cells", found.number("phenotype", "wanted")
    bag = found.true["end"][f"{BATCH}-01"]
    yield "CD3+ cells, true", 100.0 * _marked(bag, "CD3+") / float(bag.live)
    yield "feeder cells left, true", 100.0 * _marked(bag, "K562") / float(bag.live)
    yield "days from receipt to store", found.lasted / DAY


READERS: Mapping[str, Callable[[Seen], Figures]] = {
    CAR_T: _car_t,
    FINAL_DAY: _final_day,
    INFUSION: _infusion,
    STARTING: _starting,
    TIL: _til,
    CAR_NK: _car_nk,
}
"""How the numbers of each recipe are read."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A number over all seeds."""

    number: Number
    values: Sequence[float]

    @property
    def median(self) -> float:
        """Give the middle one."""
        return statistics.median(self.values)

    @property
    def ends(self) -> tuple[float, float]:
        """Give the 5 % and the 95 % quantile."""
        ordered = sorted(self.values)
        return quantile(ordered, 0.05), quantile(ordered, 0.95)

    @property
    def within(self) -> bool:
        """Tell whether nine seeds of ten lie within what is published."""
        low, high = self.ends
        return self.number.low <= low and high <= self.number.high

    @property
    def open(self) -> bool:
        """Tell whether it is neither within what is published nor explained."""
        return not self.within and not self.number.why

    @property
    def verdict(self) -> str:
        """Say how it stands."""
        return "within" if self.within else f"explained: {self.number.why}" if self.number.why else "**off**"


def spreads(results: Mapping[str, Sequence[Values]]) -> list[Spread]:
    """Give every number over the seeds of its recipe; raises KeyError for one that no run gave."""
    out = []
    for number in NUMBERS:
        values = [one[number.name] for one in results.get(number.recipe, ()) if number.name in one]
        if not values:
            raise KeyError(f"{number.recipe}: no seed gave a value for {number.name!r}")
        out.append(Spread(number, values))
    return out


def quantile(ordered: Sequence[float], share: float) -> float:
    """Give a quantile of sorted values, a straight line between neighbours."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def page(every: Sequence[Spread], *, seeds: int, ended: Mapping[str, int]) -> Iterator[str]:
    """Give the page line by line: what was checked, then what was calibrated."""
    yield HEAD.format(seeds=seeds)
    for use, title in ((Use.CHECKED, "Kept apart, to check"), (Use.CALIBRATED, "Used to calibrate")):
        yield f"\n## {title}\n"
        yield "| recipe | quantity | unit | median | 5 % | 95 % | public | stands |"
        yield "|---|---|---|---|---|---|---|---|"
        yield from (row(one) for one in every if one.number.use is use)
    told = ", ".join(f"{recipe} {count}" for recipe, count in ended.items())
    yield f"\nRuns that came to their end, of {seeds} each: {told}. {LEFT}"


def row(one: Spread) -> str:
    """Give a line of the table."""
    number = one.number
    figures = " | ".join(f"{value:.{number.digits}f}" for value in (one.median, *one.ends))
    return f"| {number.recipe} | {number.name} | {number.unit} | {figures} | {number.says} | {one.verdict} |"


HEAD = """# Realism: our distributions beside public numbers

Written by `python -m tests.plant.realism --seeds {seeds} --write`; do not edit. {seeds} seeds of each recipe on site A.
A seed varies the donor (how fast cells grow), the devices (noise, losses), the lots (density, stock), where ice forms,
and people.

**Calibrated**: a constant of a fake was set so that this number comes out, so agreement shows only that it was set.
**Checked**: kept apart; nothing was set by it. Marks of a public number: C confirmed in a public source, M from memory,
S computed, D a design default. *Within*: both quantiles lie within what is published; what does not is explained.
A fake that agrees says nothing of any real product."""

LEFT = """The others were held by limits of their own recipes and
give no numbers: the rise of the ice, in a bag filled with 10 to 20 mL, was not seen through the probe's lag, or more
was left in a bag than allowed."""


def _marked(contents: Contents, marker: str) -> float:
    return sum(cells for name, cells in contents.subsets.items() if name.startswith(marker))


def _per_ml(contents: Contents, solute: str) -> float:
    return contents.solutes.get(solute, 0.0) / float(contents.volume)


def _fold_of_model(pace: float) -> float:
    """Give how many times more 1e8 stimulated cells are after 11 days where 3.5e9 find room."""
    start, volume = Cells(1.0e8), Millilitres(1000.0)
    cells = replace(filled(volume, live=start), subsets={"CD3+": float(start)})
    growth = culture.Growth(culture.STIMULI["beads"], Instant(0.0), pace)
    after = culture.lived(cells, growth, since=Instant(0.0), until=Instant(11 * DAY), densest=3.5e9 / float(volume))
    return float(after.live) / float(start)


def collect(seeds: Sequence[int], *, processes: int = PROCESSES) -> Mapping[str, Sequence[Values]]:
    """Run every recipe with every seed."""
    found: dict[str, Sequence[Values]] = {}
    with ProcessPoolExecutor(processes) as pool:
        for recipe in READERS:
            found[recipe] = list(pool.map(partial(run_seed, recipe=recipe), seeds, chunksize=2))
            left = [seed for seed, one in zip(seeds, found[recipe], strict=True) if not one]
            sys.stderr.write(f"{recipe}: {len(seeds) - len(left)} of {len(seeds)} runs came to their end; not {left}\n")
    return found


def main() -> int:
    """Print the page for as many seeds as asked for; ``--write`` keeps it."""
    parser = argparse.ArgumentParser(prog="python -m tests.plant.realism", description=main.__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many seeds, from 1")
    parser.add_argument("--write", action="store_true", help="write docs/realism.md")
    asked = parser.parse_args()
    results = collect(range(1, asked.seeds + 1))
    every = spreads(results)
    ended = {recipe: sum(map(bool, some)) for recipe, some in results.items()}
    text = "\n".join(page(every, seeds=asked.seeds, ended=ended)) + "\n"
    sys.stdout.write(text)
    if asked.write:
        PAGE.write_text(text, encoding="utf-8")
    return int(any(one.open for one in every))


if __name__ == "__main__":
    sys.exit(main())
