"""Containers, places and probes of the world; units degC, s."""

import statistics

import pytest

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres, Seconds
from fakes.contents import filled
from fakes.physics.trace import Constant
from fakes.world import Container, World

pytestmark = pytest.mark.requirement("C07")


def later(seconds: float) -> Instant:
    """Give a moment so many seconds after the beginning."""
    return Instant(1_000_000.0 + seconds)


def a_container(name: str = "bag", kind: str = "bag20") -> Container:
    """Give a container with cells in it."""
    return Container(name, kind, contents=filled(Millilitres(20.0), live=Cells(1e9), dead=Cells(1e8), dmso=0.1))


@pytest.fixture
def world() -> World:
    """Give a world with one bag from the fridge on the bench."""
    world = World(1)
    world.add(a_container(), place="fridge", at=Celsius(4.0), now=later(0))
    return world


def test_a_container_keeps_the_temperature_of_its_place(world: World) -> None:
    """A bag at 4 degC in the fridge stays at 4 degC for weeks."""
    assert world.temperature("bag", later(3_000_000)) == pytest.approx(4.0)


def test_a_moved_container_goes_on_from_its_own_temperature(world: World) -> None:
    """It warms on the bench, then cools again."""
    world.move("bag", to="bench", now=later(100))
    warmest = world.temperature("bag", later(700))
    world.move("bag", to="fridge", now=later(700))
    assert Celsius(4.0) < world.temperature("bag", later(1000)) < warmest < Celsius(22.0)


def test_looking_often_gives_the_same_as_looking_once() -> None:
    """Every second or at the end: not one bit differs."""
    curves = []
    for looks in (range(0, 4000, 7), (3999,)):
        world = World(3)
        world.add(a_container(), place="fridge", at=Celsius(4.0), now=later(0))
        world.attach("101", to="bag", now=later(0))
        world.move("bag", to="storage", now=later(60))
        for second in looks:
            world.probe("101", later(second))
        curves.append((world.temperature("bag", later(3999)), world.probe("101", later(3999))))
    assert curves[0] == curves[1]


def test_looking_every_second_gives_the_same_long_after_everything_has_settled() -> None:
    """What is skipped when nobody looks is what changes nothing when somebody does."""
    ends = []
    for looks in (range(8000), (7999,)):
        world = World(3)
        vial = Container("vial", "vial", contents=filled(Millilitres(1.8), live=Cells(1e7), dead=Cells(0.0)))
        world.add(vial, place="fridge", at=Celsius(4.0), now=later(0))
        world.attach("101", to="vial", now=later(0))
        world.move("vial", to="storage", now=later(60))
        for second in looks:
            world.probe("101", later(second))
        ends.append((world.temperature("vial", later(7999)), world.probe("101", later(7999))))
    assert ends[0] == ends[1]


def test_ice_forms_where_the_seed_says() -> None:
    """Between -6 and -10 degC, another place for another bag, the same for the same seed."""
    found = []
    for seed, name in ((1, "a"), (1, "b"), (2, "a"), (1, "a")):
        world = World(seed)
        world.add(a_container(name), place="storage", at=Celsius(4.0), now=later(0))
        world.temperature(name, later(3600))
        at = world.nucleated(name)
        assert at is not None
        found.append(float(at))
    assert found[0] == found[3]
    assert len(set(found)) == 3
    assert all(-11.0 < at < -6.0 for at in found)


def test_ice_may_never_form(world: World) -> None:
    """Then the product supercools to the temperature of its place."""
    world.nucleates("bag", at=None)
    world.move("bag", to="storage", now=later(0))
    assert world.temperature("bag", later(20_000)) == pytest.approx(-190.0)
    assert world.nucleated("bag") is None


def test_frozen_product_thaws_at_its_freezing_point(world: World) -> None:
    """Back on the bench it stays near -3.5 degC while the ice melts, then becomes liquid."""
    world.move("bag", to="storage", now=later(0))
    world.temperature("bag", later(3600))
    world.move("bag", to="bench", now=later(3600))
    melting = [float(world.temperature("bag", later(3600 + second))) for second in range(3600)]
    assert sum(-6.0 < value < -3.4 for value in melting) > 100
    assert melting[-1] > 15.0


def test_a_probe_lags_behind_its_container(world: World) -> None:
    """On a bag that cools it reads warmer than the bag."""
    world.attach("101", to="bag", now=later(0), lag=Seconds(30.0))
    world.move("bag", to="storage", now=later(10))
    assert world.probe("101", later(60)) > world.temperature("bag", later(60)) + (Celsius(1.0) - Celsius(0.0))


def test_a_probe_that_fell_out_feels_the_air_where_its_container_is(world: World) -> None:
    """It no longer follows the bag."""
    world.attach("101", to="bag", now=later(0))
    world.move("bag", to="bench", now=later(10))
    world.fall_out("101", later(20))
    assert world.probe("101", later(200)) == pytest.approx(22.0, abs=0.1)
    assert world.temperature("bag", later(200)) < Celsius(18.0)
    assert world.probes() == {"101": "bench"}


def test_a_place_can_be_added_and_holds_what_is_put_there(world: World) -> None:
    """A water bath, for example."""
    world.add_place("bath", Constant(37.0))
    world.move("bag", to="bath", now=later(0))
    assert world.inside("bath") == ("bag",)
    assert [stay.place for stay in world.container("bag").stays] == ["fridge", "bath"]


def test_what_the_world_does_not_have_is_named_with_what_it_has(world: World) -> None:
    """A typing error in a script is found at once."""
    with pytest.raises(FailedError, match="container is 'gab'; the world has bag"):
        world.temperature("gab", later(0))
    with pytest.raises(FailedError, match="place is 'moon'; the world has bench"):
        world.move("bag", to="moon", now=later(0))
    with pytest.raises(FailedError, match="channel is '999'; attached are none"):
        world.probe("999", later(0))


def test_empty_containers_of_a_kind_differ_by_seed_and_name() -> None:
    """About one percent: what was not tared is not known better than that."""

    def empty(seed: int, name: str) -> float:
        world = World(seed)
        world.add(Container(name, "bag20"), place="bench", at=Celsius(22.0), now=Instant(0.0))
        return float(world.container(name).mass)

    some = [empty(1, f"bag-{n}") for n in range(200)]
    assert empty(1, "bag-0") == some[0] != empty(2, "bag-0")
    assert statistics.fmean(some) == pytest.approx(12.0, rel=0.002)
    assert statistics.stdev(some) == pytest.approx(0.12, rel=0.2)
    assert all(abs(one - 12.0) <= 0.3 + 1e-9 for one in some)
