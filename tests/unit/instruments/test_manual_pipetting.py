"""Pipetting by hand: what is asked, what is said, and hands that do it in the world; units uL, s."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from automation.engine.handles import Container
from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.kernel.quantity import Cells, Celsius, Microlitres, Millilitres
from fakes.contents import filled
from fakes.hands_pipetting import pipetted
from fakes.manual_pipetting import HandPipette
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.drivers.manual_pipetting.driver import FACTORY
from instruments.interfaces.liquid_handler import Cause, LiquidHandler, Outcome, TipMove
from tests.support.doors import Doorway, doorway
from tests.support.freezers import START
from tests.support.handlers import draw, give, tips
from tests.support.persons import Crew, no_link, with_crew

pytestmark = pytest.mark.requirement("F119", "C06")

DRAWN, GIVEN = draw(500.0, mix=3), give(500.0)


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield made


def pipette(crew: Crew, *, control: bool = True, **given: str) -> LiquidHandler:
    """Bind a pipette."""
    return cast("LiquidHandler", crew.bind(FACTORY.build(no_link("pipette"), given, control=control), LiquidHandler))


def said(text: str, *answers: str) -> tuple[str, dict[str, str]]:
    """Give what is answered to a question, channel by channel."""
    return text, {f"channel{number}": answer for number, answer in enumerate(answers, 1)}


def test_a_transfer_is_four_questions_that_name_volumes_and_places(way: Doorway, tmp_path: Path) -> None:
    """Liquids are verified by a second person, tips are not."""

    async def work(crew: Crew) -> None:
        crew.script = [("make pipette", {}), *(said(what, "done") for what in ("put tips", "draw", "give", "take"))]
        handler = pipette(crew)
        await handler.set_up()
        await handler.pick_up(tips=tips(1))
        assert (await handler.look()).tips == (True, *[False] * 7)
        await handler.aspirate(moves=(DRAWN,), containers=())
        (one,) = await handler.dispense(moves=(GIVEN,), containers=())
        await handler.drop(tips=tips(1, spot="waste"))
        assert one.outcome is Outcome.DONE
        assert not any((await handler.look()).tips)
        assert "draw\nchannel 1: draw 500 uL from trough.A1, mixed first 3 times" in crew.texts()[2]
        assert "channel 1: give 500 uL into vials.A1" in crew.texts()[3]
        assert [prompt.verified_by for prompt in crew.prompts()] == ["", "", "verify", "verify", ""]

    with_crew(way, tmp_path, work)


def test_what_went_wrong_is_said_of_each_channel(way: Doorway, tmp_path: Path) -> None:
    """Done, not done, unknown, with the cause and who said so."""

    async def work(crew: Crew) -> None:
        crew.script = [said("draw", "done", "not done, no liquid found", "unknown, clot")]
        moves = tuple(draw(100.0, channel=number) for number in (1, 2, 3))
        results = await pipette(crew).aspirate(moves=moves, containers=())
        assert [one.outcome for one in results] == [Outcome.DONE, Outcome.NOT_DONE, Outcome.UNKNOWN]
        assert [one.cause for one in results] == [Cause.NONE, Cause.NO_LIQUID, Cause.CLOT]
        assert results[2].why == "channel 3: unknown, clot; said by perform, verified by verify"

    with_crew(way, tmp_path, work)


def test_the_containers_whose_product_is_touched_are_named(way: Doorway, tmp_path: Path) -> None:
    """So that the person compares the labels."""

    async def work(crew: Crew) -> None:
        crew.script = [said("draw (containers: BAG-1, V-7)", "done")]
        handler = cast("LiquidHandler", FACTORY.build(no_link("pipette"), {}, control=True))
        (one,) = await handler.aspirate(moves=(DRAWN,), containers=(Container("BAG-1"), Container("V-7")))
        assert one.outcome is Outcome.DONE

    with_crew(way, tmp_path, work)


def test_a_restart_asks_nothing_again(way: Doorway, tmp_path: Path) -> None:
    """The record answers."""

    async def work(crew: Crew) -> None:
        crew.script = [said("draw", "done")]
        first = await pipette(crew).aspirate(moves=(DRAWN,), containers=())
        crew.restart()
        assert await pipette(crew).aspirate(moves=(DRAWN,), containers=()) == first
        assert len(crew.prompts()) == 1

    with_crew(way, tmp_path, work)


@pytest.mark.parametrize("volume", [math.nan, -1.0, 0.0, 1500.0])
def test_a_volume_that_cannot_be_is_refused_and_nobody_is_asked(way: Doorway, tmp_path: Path, volume: float) -> None:
    """Neither are more channels than there are, the same twice, or a place that is not there."""

    async def work(crew: Crew) -> None:
        handler = pipette(crew)
        with pytest.raises(RefusedError, match="channel 1"):
            await handler.aspirate(moves=(replace(DRAWN, volume=Microlitres(volume)),), containers=())
        with pytest.raises(RefusedError, match="channels are"):
            await handler.pick_up(tips=(TipMove(9, "tips.A1"),))
        with pytest.raises(RefusedError, match="channels are"):
            await handler.drop(tips=(TipMove(1, "waste"), TipMove(1, "waste")))
        with pytest.raises(RefusedError, match="moon"):
            await handler.pick_up(tips=(TipMove(1, "moon.A1"),))
        assert crew.prompts() == []

    with_crew(way, tmp_path, work)


def test_without_control_nobody_is_asked_to_do_anything(way: Doorway, tmp_path: Path) -> None:
    """Reading needs none."""

    async def work(crew: Crew) -> None:
        handler = pipette(crew, control=False)
        assert (await handler.deck()).name == "final-day-star"
        with pytest.raises(RefusedError, match="control"):
            await handler.set_up()
        with pytest.raises(RefusedError, match="control"):
            await handler.dispense(moves=(GIVEN,), containers=())
        assert crew.prompts() == []

    with_crew(way, tmp_path, work)


def test_a_site_may_ask_for_the_second_person_at_dispenses_only(way: Doorway, tmp_path: Path) -> None:
    """Anything else is refused by name."""

    async def work(crew: Crew) -> None:
        crew.script = [said("draw", "done"), said("give", "done")]
        handler = pipette(crew, second="dispenses")
        await handler.aspirate(moves=(DRAWN,), containers=())
        await handler.dispense(moves=(GIVEN,), containers=())
        assert [prompt.verified_by for prompt in crew.prompts()] == ["", "verify"]

    with_crew(way, tmp_path, work)
    with pytest.raises(InputError, match="second is 'nobody'"):
        FACTORY.build(no_link("pipette"), {"second": "nobody"}, control=True)


def test_scripted_hands_do_what_the_question_says_and_tell_how_it_went() -> None:
    """Liquid moves in the world; a channel with an empty well says so."""
    world = World(1)
    fake = HandPipette(world, "pipette")
    contents = filled(Millilitres(20.0), live=Cells(2e7))
    for name, kind, position in (("bag", "trough", "trough.A1"), ("vial", "vial", "vials.A1")):
        held = contents if name == "bag" else None
        world.add(Vessel(name, kind, contents=held), place="bench", at=Celsius(22.0), now=START)
        fake.hand("place", {"position": position, "container": name}, START)

    def asked(text: str) -> dict[str, str | float | bool]:
        return pipetted(text, fake, lambda action, **details: fake.hand(action, details, START))

    assert asked("channel 1: new tip from tips.A1\nchannel 2: new tip from tips.B1") == {
        "channel1": "done",
        "channel2": "done",
    }
    drawn = asked(
        "channel 1: draw 500 uL from trough.A1, mixed first 3 times with 500 uL\nchannel 2: draw 5 uL from vials.A1"
    )
    assert drawn == {"channel1": "done", "channel2": "not done, no liquid found"}
    assert asked("channel 1: give 500 uL into vials.A1") == {"channel1": "done"}
    assert asked("channel 1: tip to waste") == {"channel1": "done"}
    assert 1000.0 * float(world.container("vial").contents.volume) == pytest.approx(500.0, rel=0.05)
    assert fake.acts == {"tip": 2, "draw": 2, "give": 1, "drop": 1}
    with pytest.raises(FailedError, match="a pipette knows"):
        fake.hand("dance", {}, START)
