"""Many seeds of the final day: what the record says, what is true in the world, and what the public says of it.

What the record says is read off its ledger alone. What is true is looked up in the world of the fakes at the same
moments, so that it can be told how often the truth lies within the uncertainty that the record states.
Units: mL, g, cells, %, min.
Source: marks of the public numbers: C confirmed in a public source, M from memory, S computed, D a design default.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.bootstrap import Way
from automation.engine.site import Site
from automation.formulas.reconciliation import COVERAGE
from automation.kernel.quantity import Cells
from automation.ledger.read import Reader
from automation.views.reconciliation import reconciliations
from automation.views.record_of_product import Reconciliation
from automation.views.shapes import Verdict
from automation.views.story import Story
from fakes.contents import DMSO, DMSO_DENSITY, Contents
from tests.support.runs import BATCH, Run, make_site, plant_of, run_batch, when

RECIPE = "final-day"
LONGEST = 80_000.0  # s; a batch that is held is left so
HARVEST, WASHED = "HARV-0001", f"{BATCH}-W"
MEDIUM = "medium protein"
MOMENTS = {"wash": "empty", "count-washed": "drawn", "fill": "set out", "freeze": "empty"}
"""The steps at whose begin the world is looked at, with the state that each begins in."""


@dataclass(frozen=True, slots=True)
class Against:
    """A value of the record with its expanded uncertainty, beside the truth."""

    measured: float
    expanded: float
    true: float

    @property
    def covers(self) -> bool:
        """Tell whether the truth lies within the uncertainty that is stated."""
        return abs(self.measured - self.true) <= self.expanded * (1.0 + 1e-9) + 1e-9 * abs(self.true)

    @property
    def off(self) -> float:
        """Give how far off it is, in standard uncertainties; 0 without one."""
        return COVERAGE * (self.measured - self.true) / self.expanded if self.expanded else 0.0


@dataclass(frozen=True, slots=True)
class Seeded:
    """What one seed comes to."""

    seed: int
    state: str
    freeze: str
    numbers: Mapping[str, float]
    closes: Mapping[str, bool | None]
    against: Mapping[str, Against]
    beyond: tuple[tuple[str, str], ...]  # results that are not within limits: what and band, and in words
    deviations: tuple[str, ...]


@dataclass(slots=True)
class _Truth:
    """What was in the containers of the world at the begin of some steps."""

    at: dict[str, dict[str, Contents]] = field(default_factory=dict)

    def hook(self, site: Site) -> None:
        """Look at the world when each of the steps begins."""
        for step, state in MOMENTS.items():
            when(site, step, state, self._look(site, step))

    def _look(self, site: Site, step: str) -> Callable[[], None]:
        world = plant_of(site).world

        def look() -> None:
            self.at[step] = {name: world.container(name).contents for name in world.names()}

        return look


def run_seed(seed: int, *, site: str = "a") -> Seeded:
    """Run one final day with a seed, in a folder of its own."""
    truth = _Truth()
    with tempfile.TemporaryDirectory() as name:
        folder = make_site(Path(name), site)
        run = run_batch(folder, truth.hook, recipe=RECIPE, way=Way(seed=seed), until=LONGEST)
        with Reader(folder) as reader:
            balances = {one.quantity: one for one in reconciliations(Story(reader, BATCH))}
    measured = {
        step: run.step(step).results for step in ("count", "wash", "count-washed", "formulate", "fill", "freeze")
    }
    numbers = dict(_numbers(run, measured, balances)) | dict(_true_numbers(truth))
    return Seeded(
        seed,
        run.state,
        str(measured["freeze"].get("verdict", run.step("freeze").state or "not begun")),
        numbers,
        {name: one.closes for name, one in balances.items()},
        dict(_against(measured, balances, truth)),
        tuple(_beyond(run)),
        (*run.deviations(), *([run.error] if run.error else [])),
    )


def _beyond(run: Run) -> Iterator[tuple[str, str]]:
    """Give every result or criterion that is not within its limits, with the reason in words."""
    for event in run.events:
        if event.kind == "judged" and (said := event.read(Verdict)).band != "within limits":
            yield f"{said.what}, {said.band}", said.sentence
    criteria = run.step("freeze").results.get("criteria", [])
    for one in criteria if isinstance(criteria, list) else []:
        if one["verdict"] != "pass":
            yield f"{one['name']}, {one['verdict']}", str(one["sentence"])


def _numbers(
    run: Run, measured: Mapping[str, Mapping[str, object]], balances: Mapping[str, Reconciliation]
) -> Iterator[tuple[str, float]]:
    """Give what the record says."""
    before, after = _number(measured["count"], "viable_cells"), _number(measured["count-washed"], "viable_cells")
    if before and after is not None:
        yield "recovery", 100.0 * after / before
    for name, step, key in (
        ("viability, harvest", "count", "viability"),
        ("viability, washed", "count-washed", "viability"),
        ("residual medium", "wash", "residual"),
        ("DMSO in the product", "formulate", "dmso"),
        ("viable concentration", "formulate", "viable_concentration"),
        ("volume per bag", "fill", "smallest_bag"),
        ("dose per bag", "fill", "dose_per_bag"),
    ):
        value = _number(measured[step], key)
        if value is not None:
            yield name, value
    contact, frozen = _number(measured["formulate"], "contact_at"), _number(measured["freeze"], "started_at")
    if contact is not None and frozen is not None:
        yield "exposure to freezing", (frozen - contact) / 60.0
    if run.events:
        yield "day, receipt to store", (run.events[-1].at - run.events[0].at) / 3.6e9
    for name, balance in (
        ("volume", "volume"),
        ("mass", "mass"),
        ("volume of the wash", "volume in step wash"),
    ):
        if balance in balances:
            yield f"{name} unaccounted for", balances[balance].unaccounted
    if "volume" in balances:
        yield "volume, expanded uncertainty", balances["volume"].expanded
    if "viable cells" in balances:
        yield "viable cells unaccounted for", balances["viable cells"].share


def _true_numbers(truth: _Truth) -> Iterator[tuple[str, float]]:
    """Give what is true of the same things."""
    before, after = truth.at.get("wash", {}), truth.at.get("count-washed", {})
    if HARVEST in before and WASHED in after:
        harvest, washed = before[HARVEST], after[WASHED]
        yield "true recovery", 100.0 * float(washed.live) / float(harvest.live)
        yield "true residual medium", 100.0 * _per_ml(washed, MEDIUM) / _per_ml(harvest, MEDIUM)
        yield "true DMSO after wash", 100.0 * _per_ml(washed, DMSO) / DMSO_DENSITY
    filled = truth.at.get("freeze", {}).get(f"{BATCH}-01")
    if filled is not None and float(filled.volume):
        yield "true DMSO in the product", 100.0 * filled.dmso
        yield "true dose per bag", float(filled.live)


def _against(
    measured: Mapping[str, Mapping[str, object]], balances: Mapping[str, Reconciliation], truth: _Truth
) -> Iterator[tuple[str, Against]]:
    """Give what the record says with its uncertainty beside what is true at that moment."""
    start, washed, mixed, frozen = (truth.at.get(step, {}) for step in MOMENTS)
    lines = balances["viable cells"].lines if "viable cells" in balances else ()
    counted = next((line for line in lines if line.kind == "counted"), None)
    if HARVEST in start and counted is not None:
        left = counted.value - sum(line.value for line in lines if line.kind == "sample" and line.step == "count")
        yield "live cells in the harvest", _pair(left, counted.expanded, start[HARVEST].live)
        for line in lines:
            if line.kind == "lost" and WASHED in washed:
                true = float(start[HARVEST].live) - float(washed[WASHED].live)
                yield "live cells lost in the wash", _pair(line.value, line.expanded, true)
    if WASHED in washed:
        whole = washed[WASHED]
        yield from _stated("volume washed", measured["wash"], "volume_out", float(whole.volume))
        yield from _stated("live cells/mL washed", measured["count-washed"], "viable", _per_volume(whole))
    if WASHED in mixed and mixed[WASHED].dmso:
        whole = mixed[WASHED]
        yield from _stated("formulated volume", measured["formulate"], "volume", float(whole.volume))
        yield from _stated("formulated DMSO", measured["formulate"], "dmso", 100.0 * whole.dmso)
        yield from _stated("formulated live cells/mL", measured["formulate"], "viable", _per_volume(whole))
    for quantity, of in (("volume", _volume), ("mass", _mass), ("viable cells", _live), ("total cells", _cells)):
        for line in balances[quantity].lines if quantity in balances else ():
            name = line.what.partition(",")[0]
            if line.kind == "container" and name in frozen:
                kind = "bag" if name[-2:].isdigit() else "vial" if "-V" in name else "aliquot"
                yield (
                    f"{quantity} of {kind} {name[len(BATCH) + 1 :]}",
                    _pair(line.value, line.expanded, of(frozen[name])),
                )


def _stated(name: str, found: Mapping[str, object], key: str, true: float) -> Iterator[tuple[str, Against]]:
    """Give a result with its standard uncertainty beside the truth; nothing when the step has none."""
    value = _number(found, key if key in found else f"{key}_concentration")
    standard = _number(found, f"{key}_uncertainty")
    if value is not None and standard is not None:
        yield name, _pair(value, COVERAGE * standard, true)


def _pair(measured: float, expanded: float, true: Cells | float) -> Against:
    return Against(measured, expanded, float(true))


def _number(found: Mapping[str, object], key: str) -> float | None:
    value = found.get(key)
    return float(value) if isinstance(value, int | float) else None


def _per_ml(some: Contents, solute: str) -> float:
    return some.solutes.get(solute, 0.0) / float(some.volume) if float(some.volume) else 0.0


def _per_volume(some: Contents) -> float:
    return float(some.live) / float(some.volume) if float(some.volume) else 0.0


def _volume(some: Contents) -> float:
    return float(some.volume)


def _mass(some: Contents) -> float:
    return float(some.mass)


def _live(some: Contents) -> float:
    return float(some.live)


def _cells(some: Contents) -> float:
    return float(some.cells)
