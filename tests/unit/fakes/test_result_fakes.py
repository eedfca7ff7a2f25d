"""Analyser and cytometer of the world: what their drivers read of the files is what is in the tubes; g/L, mmol/L, %."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import cast

import pytest

from automation.formulas.gating import Bound, Compensation, Gate, Stain, Strategy
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres, Seconds
from fakes.cedex_bio_ht import FakeCedexBioHt
from fakes.contents import filled
from fakes.faults import Faults
from fakes.flow_cytometer import FakeFlowCytometer
from fakes.plant import Plant, PlantLog
from fakes.world import Container, World
from instruments.drivers.cedex_bio_ht import driver as cedex_bio_ht
from instruments.drivers.fcs import driver as fcs
from instruments.interfaces.analyser import MetaboliteAnalyser
from instruments.interfaces.flow_cytometer import FlowCytometer
from instruments.transport import Link

START = Instant(1_780_000_000.0)
LIVE, DEAD = 4.0e6, 1.0e6
SUBSETS = {"CD3+CD4+": 1.2e6, "CD3+CD8+CAR+": 1.6e6, "CD56+": 0.4e6}
PLAN = Strategy(
    name="release",
    compensation=Compensation.FROM_FILE,
    minimum=500,
    stains=(Stain(channel="B530-A", marker="CAR"),),
    gates=(
        Gate(name="cells", ranges=(Bound(channel="FSC-A", low=25_000.0),)),
        Gate(name="live", within="cells", ranges=(Bound(channel="V450-A", high=1_000.0),)),
        Gate(name="CD3+", within="live", ranges=(Bound(channel="R660-A", low=1_000.0),)),
        Gate(name="CAR+", within="CD3+", ranges=(Bound(channel="B530-A", low=1_000.0),)),
    ),
)

Script = Callable[[object, Plant, SimulatedClock], Awaitable[None]]


def world() -> World:
    """Give a world with one tube of spent medium with cells in it."""
    made = World(3)
    tube = filled(Millilitres(2.0), live=Cells(LIVE), dead=Cells(DEAD))
    solutes = {"glucose": 0.0040, "lactate": 0.0020, "glutamine": 0.0004}  # g in 2 mL
    contents = replace(tube, subsets=SUBSETS, solutes=solutes)
    made.add(Container("QC-1", "tube", contents=contents), place="bench", at=Celsius(22.0), now=START)
    return made


def at_bench(script: Script, *, flow: bool) -> None:
    """Run a script with the driver of one of the two fakes."""

    async def main(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(None), Faults())
        plant.add("device", FakeFlowCytometer(world()) if flow else FakeCedexBioHt(world()))
        link = Link(plant.connect("device"), name="device")
        await link.open()
        await script((fcs if flow else cedex_bio_ht).FACTORY.build(link, {"zone": "UTC"}, control=False), plant, clock)

    run_simulated(main, start=START)


@pytest.mark.requirement("F163")
def test_an_analyser_measures_what_is_dissolved_in_the_tube() -> None:
    """2 g/L glucose, 1 g/L lactate and 1.37 mmol/L glutamine within the scatter; no ammonia is a bound, not 0."""

    async def script(driver: object, plant: Plant, clock: SimulatedClock) -> None:
        plant.hand("device", "measure", sample="QC-1")
        await clock.sleep(Seconds(700.0))
        report = await cast("MetaboliteAnalyser", driver).result(sample="QC-1")
        found = {one.quantity: one for one in report.results}
        values = {name: float(one.value) for name, one in found.items() if one.value is not None}
        assert values == pytest.approx({"glucose": 2.0, "lactate": 1.0, "glutamine": 1.3686}, rel=0.07)
        assert (found["ammonia"].value, found["ammonia"].bound, str(found["ammonia"].limit)) == (None, "<", "0.278")
        assert found["glucose"].analysed == START + Seconds(600.0)

    at_bench(script, flow=False)


@pytest.mark.requirement("F038", "F162")
def test_a_cytometer_sees_the_subsets_of_the_tube() -> None:
    """Viability 80 %, 70 % of live are T cells, 57 % of these carry the receptor; 3 % for counting and gating."""

    async def script(driver: object, plant: Plant, clock: SimulatedClock) -> None:
        plant.hand("device", "acquire", sample="QC-1")
        await clock.sleep(Seconds(400.0))
        report = await cast("FlowCytometer", driver).populations(sample="QC-1", strategy=PLAN)
        shares = {one.name: float(one.share or 0) for one in report.results[0].populations}
        true = {"cells": 92.0, "live": 80.0, "CD3+": 70.0, "CAR+": 100 * 1.6 / 2.8}
        assert shares == pytest.approx(true, abs=3.0)
        assert report.results[0].analysed == START + Seconds(300.0)

    at_bench(script, flow=True)


@pytest.mark.requirement("F038", "F162", refuses=True)
def test_a_tube_that_was_acquired_without_compensation_is_not_evaluated() -> None:
    """The file has no matrix and the strategy asks for one."""

    async def script(driver: object, plant: Plant, clock: SimulatedClock) -> None:
        plant.hand("device", "acquire", sample="QC-1", compensated=False, after=0)
        await clock.sleep(Seconds(10.0))
        [result] = (await cast("FlowCytometer", driver).populations(sample="QC-1", strategy=PLAN)).results
        assert (result.populations, result.error) == (
            (), "the file has no spill matrix, and the strategy compensates by it",
        )  # fmt: skip

    at_bench(script, flow=True)


@pytest.mark.parametrize("flow", [True, False])
def test_the_same_seed_writes_the_same_bytes_and_a_repeat_others(*, flow: bool) -> None:
    """So that a plant rebuilt from its log is the same plant."""
    action = "acquire" if flow else "measure"
    one, other = (FakeFlowCytometer(world()) if flow else FakeCedexBioHt(world()) for _ in range(2))
    for fake in (one, other):
        for _ in range(2):
            fake.hand(action, {"sample": "QC-1", "after": 0}, START)
    assert one.files(START) == other.files(START)
    assert len(set(one.files(START).values())) == 2


@pytest.mark.parametrize(
    ("action", "details", "message"),
    [
        ("acquire", {"sample": "QC-9"}, "no tube of sample 'QC-9'"),
        ("acquire", {"sample": "QC-1", "events": "many"}, "events is 'many'"),
        ("acquire", {"sample": "QC-1", "after": -1}, "after is -1"),
        ("cut", {"name": "x.fcs", "keep": 3}, "'cut' of 'x.fcs' is not possible"),
    ],
)
def test_a_hand_that_can_not_do_it_fails(action: str, details: dict[str, object], message: str) -> None:
    """Nothing is written."""
    fake = FakeFlowCytometer(world())
    with pytest.raises(FailedError, match=message):
        fake.hand(action, details, START)
    assert fake.files(START) == {}
