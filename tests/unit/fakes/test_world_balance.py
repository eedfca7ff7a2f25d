"""Balances of the world: whatever is done, nothing comes from nowhere and nothing is lost; units mL, g, s."""

import contextlib
import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Cells, Celsius, Grams, Instant, Millilitres
from fakes.bench import Bench
from fakes.contents import DMSO, Contents, filled
from fakes.world import Container, World

pytestmark = pytest.mark.requirement("C07", "F119")

START = Instant(1_000_000.0)
KINDS = {"bag": "bag150", "bottle": "bottle", "vial": "vial", "tube": "tube", "empty": "bag600"}
NAMES = (*KINDS, "sample1", "sample2", "sample3")
PLACES = ("bench", "fridge", "storage")
PARTS = st.floats(0.0, 1.5)  # of what is in the source: also more than there is


@dataclass(frozen=True)
class Act:
    """One thing that happens, some time after the one before."""

    what: str
    source: str
    dest: str
    share: float
    after: float  # s
    other: float = 0.5  # of what else is there; above 1 is more than there is


ACTS = st.builds(
    Act,
    what=st.sampled_from(
        ["pour", "settled", "separate", "mix", "kill", "age", "sample", "move", "all", "separate", "pour"]
    ),
    source=st.sampled_from(("bag", "bottle", *NAMES)),
    dest=st.sampled_from(("bottle", "empty", *NAMES)),
    share=PARTS,
    after=st.sampled_from([0.0, 0.25, 1.0, 60.0, 3600.0, 90_000.0]),
    other=st.floats(0.0, 1.2),
)


def furnished() -> World:
    """Give a world with a product, a cryoprotectant and empty containers."""
    world = World(7)
    product = filled(Millilitres(100.0), live=Cells(2e9), dead=Cells(1e8), density=1.01)
    protectant = Contents(Millilitres(50.0), mass=Grams(52.5), solutes={DMSO: 11.0, "albumin": 2.5})
    for name, kind in KINDS.items():
        contents = {"bag": product, "bottle": protectant}.get(name)
        world.add(Container(name, kind, contents=contents), place="bench", at=Celsius(22.0), now=START)
    return world


def happen(world: World, act: Act, now: Instant) -> None:
    """Let it happen; what is not possible is refused and changes nothing."""
    bench = Bench(world)
    with contextlib.suppress(FailedError):
        there = world.container(act.source).contents if world.has(act.source) else Contents()
        volume = float(there.volume) * act.share
        details: dict[str, object] = {"source": act.source, "dest": act.dest, "container": act.source}
        match act.what:
            case "pour" | "settled":
                bench.hand("pour", {**details, "volume": volume, "settled": act.what == "settled"}, now)
            case "all":
                bench.hand("pour", details, now)
            case "separate":
                world.separate(_part(there, act), source=act.source, dest=act.dest, now=now)
            case "mix":
                bench.hand("mix", details, now)
            case "kill":
                world.kill(act.source, act.share, now)
            case "age":
                world.age(act.source, now)
            case "sample":
                bench.hand("sample", {**details, "container": act.dest, "volume": volume}, now)
            case _:
                bench.hand("move", {**details, "to": PLACES[int(act.share * 2.0) % 3]}, now)


def _part(there: Contents, act: Act) -> Contents:
    """Give what a separator takes: volume, cells and solutes each by another share."""
    share = min(1.0, act.share)
    solutes = {name: amount * act.other for name, amount in there.solutes.items()}
    return Contents(
        Millilitres(float(there.volume) * share),
        Cells(float(there.live) * act.other),
        Cells(float(there.dead) * share * act.other),
        Grams(float(there.mass) * share),
        solutes,
    )


def amounts(contents: Contents) -> dict[str, float]:
    """Give what has to stay."""
    return {
        "volume": float(contents.volume),
        "cells": float(contents.live) + float(contents.dead),
        "mass": float(contents.mass),
        **contents.solutes,
    }


def after(acts: list[Act], *, looking: bool = False) -> World:
    """Give the world after everything has happened."""
    world, now = furnished(), START
    for act in acts:
        if looking:
            look(world, Instant(float(now) + act.after / 2.0))
        now = Instant(float(now) + act.after)
        happen(world, act, now)
        if looking:
            look(world, now)
    return world


def look(world: World, now: Instant) -> None:
    """Weigh and measure every container."""
    for name in world.names():
        assert float(world.container(name).mass) > 0.0
        assert math.isfinite(float(world.temperature(name, now)))


@settings(deadline=None, derandomize=True, max_examples=150)
@given(acts=st.lists(ACTS, max_size=25))
def test_volume_cells_mass_and_every_solute_stay_whatever_happens(acts: list[Act]) -> None:
    """All containers together hold what they held at the start, to 1e-9."""
    assert amounts(after(acts).total()) == pytest.approx(amounts(furnished().total()), rel=1e-9, abs=1e-9)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(acts=st.lists(ACTS, max_size=25))
def test_nothing_is_ever_less_than_nothing(acts: list[Act]) -> None:
    """Beyond rounding, in any container; and no container holds more than goes in."""
    world, now = furnished(), START
    for act in acts:
        now = Instant(float(now) + act.after)
        happen(world, act, now)
        for name in world.names():
            held = world.container(name).contents
            least = min(float(held.live) / 1e9, float(held.dead) / 1e9, *amounts(held).values())
            assert least >= -1e-9, (name, held)
            assert float(world.container(name).room) >= -1e-6


@settings(deadline=None, derandomize=True, max_examples=60)
@given(acts=st.lists(ACTS, max_size=15))
def test_looking_changes_nothing(acts: list[Act]) -> None:
    """Weighed and measured between and after all acts, or never: the contents are the same to the last bit."""
    looked, not_looked = after(acts, looking=True), after(acts)
    assert looked.total() == not_looked.total()
    assert [looked.container(n).contents for n in looked.names()] == [
        not_looked.container(n).contents for n in not_looked.names()
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        Contents(Millilitres(101.0)),
        Contents(live=Cells(3e9)),
        Contents(Millilitres(-1.0)),
        Contents(Millilitres(math.nan)),
        Contents(solutes={DMSO: 0.1}),
    ],
)
def test_a_separator_takes_no_more_than_there_is(wrong: Contents) -> None:
    """Nor less than nothing, nor what is no number; refused, and nothing moves."""
    world = furnished()
    before = [world.container(name).contents for name in world.names()]
    with pytest.raises(FailedError, match="can't be taken out of bag"):
        world.separate(wrong, source="bag", dest="empty", now=START)
    assert [world.container(name).contents for name in world.names()] == before


@pytest.mark.parametrize("volume", [math.nan, math.inf, -1.0])
def test_a_volume_that_is_none_is_not_poured(volume: float) -> None:
    """Refused, and nothing moves."""
    world = furnished()
    with pytest.raises(FailedError, match="volume is"):
        world.pour("bag", "empty", volume=Millilitres(volume), now=START)
    assert world.total() == furnished().total()


def test_frozen_cells_rest_whether_somebody_looked_or_not() -> None:
    """A day in the store kills none; a day on the bench kills most."""
    left = []
    for looks, place in ((True, "storage"), (False, "storage"), (False, "bench")):
        world = World(7)
        world.add(Container("bag", "bag20", contents=_frozen()), place=place, at=Celsius(22.0), now=START)
        if looks:
            look(world, Instant(float(START) + 7200.0))
        world.age("bag", Instant(float(START) + 86_400.0))
        left.append(float(world.container("bag").contents.live))
    assert left[0] == left[1] == 1e9
    assert left[2] < 0.2e9


def _frozen() -> Contents:
    return filled(Millilitres(20.0), live=Cells(1e9), dmso=0.10)
