"""The rocking-bag fake: looking changes nothing, balances close, and it comes back from its log; units mL, s."""

from pathlib import Path

import pytest

from automation.kernel.quantity import Instant, Millilitres
from fakes import modbus_map
from fakes.bag_flows import PASSES
from fakes.plant import PlantLog
from fakes.rocking_bag import FakeRockingBag
from fakes.serve import rebuild
from fakes.world import World
from instruments.transport import nodes
from tests.support.bioreactors import CULTURE, HUNG, MEDIUM, NAME, START, WASTE, furnished

UNIT = "DeviceSet/RockingBag/FunctionalUnitSet/Culture"
STARTS = (
    nodes.Request(1, write={f"{UNIT}/FunctionSet/Perfusion/TargetValue": 30.0}),
    nodes.Request(2, call=f"{UNIT}/FunctionSet/Perfusion/ControlFunctionState/Start"),
    nodes.Request(3, call=f"{UNIT}/FunctionalUnitState/StartProgram", args=("Culture", None, "B", "B", None)),
)
LOOK = nodes.Request(
    9, read=(f"{UNIT}/FunctionSet/DissolvedOxygen/CurrentValue", f"{UNIT}/FunctionSet/pH/CurrentValue")
)


def started(log: PlantLog | None = None) -> tuple[FakeRockingBag, World]:
    """Give a rocker that perfuses a culture from ``START`` on."""
    world = furnished()
    fake, kept = FakeRockingBag(world, NAME), log or PlantLog(None)
    for action, details in HUNG:
        fake.hand(action, details, START)
    for request in STARTS:
        kept.add(round(float(START) * 1e6), NAME, nodes.line(request))
        assert nodes.reply(fake.feed(nodes.line(request), START)).ok
    return fake, world


def seen(fake: FakeRockingBag, hours: float) -> nodes.Reply:
    """Look so many hours after the start."""
    return nodes.reply(fake.feed(nodes.line(LOOK), Instant(float(START) + 3600.0 * hours)))


def test_looking_often_changes_no_reading_and_no_content() -> None:
    """A day looked at every 7 min, and one looked at once."""
    (often, crowded), (once, calm) = started(), started()
    for look in range(int(24 * 60 / 7)):
        seen(often, look * 7 / 60)
    assert seen(often, 24.0) == seen(once, 24.0)
    at = Instant(float(START) + 86_400.0)
    one, other = crowded.holds(CULTURE.id, at), calm.holds(CULTURE.id, at)
    assert float(one.live) == pytest.approx(float(other.live), rel=1e-9)
    assert one.solutes == pytest.approx(other.solutes, rel=1e-9)


def test_what_flows_in_flows_out_and_cells_are_kept_back() -> None:
    """Volume and mass close over the three containers; of the cells as many pass as the filter lets through."""
    (fake, world), before = started(), furnished().total()
    seen(fake, 24.0)
    after = world.total()
    assert float(after.volume) == pytest.approx(float(before.volume))
    assert float(world.container(WASTE.id).contents.volume) == pytest.approx(720.0)
    assert float(world.container(MEDIUM.id).contents.volume) == pytest.approx(1280.0)
    passed = float(world.container(WASTE.id).contents.cells) / float(after.cells)
    assert passed == pytest.approx(0.72 * PASSES, rel=0.1)


def test_a_rocker_goes_on_from_its_log(tmp_path: Path) -> None:
    """Hands and lines live again, and the pumps have gone on meanwhile."""
    log = PlantLog(tmp_path / "plant.log")
    fake, world = started(log)
    log.add(round(float(START) * 1e6) + 7_200_000_000, NAME, nodes.line(LOOK))
    log.close()
    seen(fake, 2.0)
    second = furnished()
    again = FakeRockingBag(second, NAME)
    for action, details in HUNG:
        again.hand(action, details, START)
    rebuild(again, tmp_path / "plant.log", name=NAME)
    assert seen(again, 3.0) == seen(fake, 3.0)
    assert second.container(WASTE.id).contents == world.container(WASTE.id).contents


def test_cells_in_a_bag_that_moves_grow_denser_than_in_one_that_rests() -> None:
    """Four days: oxygen holds them at rest, and not yet in motion."""
    densities = []
    for still in (False, True):
        world = furnished(per_ml=2.0e6)
        world.pour(MEDIUM.id, CULTURE.id, volume=Millilitres(500.0), now=START)
        fake = FakeRockingBag(world, NAME)
        for action, details in HUNG:
            fake.hand(action, details, START)
        fake.hand("start", {}, START)
        if still:
            fake.hand("hold", {}, START)
        held = world.holds(CULTURE.id, Instant(float(START) + 4 * 86_400.0))
        densities.append(float(held.live) / float(held.volume))
    moving, resting = densities
    assert resting < 2.6e6
    assert moving > 3.5e6


@pytest.mark.parametrize(("sensor", "channel"), [("hamilton_arc_do", "dissolved oxygen"), ("hamilton_arc_ph", "ph")])
def test_a_sensor_of_another_maker_in_the_bag_sees_the_same_liquid(sensor: str, channel: str) -> None:
    """Oxygen, pH and temperature of the culture; without a bag it stands in a room."""
    fake, world = started()
    arc = modbus_map.build(world, "arc", {"map": sensor, "place": NAME})
    at = Instant(float(START) + 86_400.0)
    own = {"dissolved oxygen": "DissolvedOxygen", "ph": "pH"}[channel]
    assert arc.value(channel, at) == fake.truly(own, at)
    assert arc.value("temperature", at) == fake.truly("Temperature", at)
    fake.hand("stop", {}, at)
    fake.hand("take", {"container": CULTURE.id, "to": "bench"}, at)
    assert arc.value(channel, at) != fake.truly(own, at)
