"""A welder and a sealer at which people work: one makes the joint, two look at it."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from automation.engine.handles import Container, Lot
from automation.kernel.errors import RefusedError
from instruments.drivers.joints_by_person import MADE, NOT_MADE, NOT_TIGHT, TIGHT
from instruments.drivers.manual_sealer.driver import FACTORY as SEALER
from instruments.drivers.manual_welder.driver import FACTORY as WELDER
from instruments.interfaces.tube_joints import Joint, SterileWelder, TubeSealer
from tests.support.doors import Doorway, doorway
from tests.support.persons import Crew, no_link, with_crew

pytestmark = pytest.mark.requirement("C06", "F028")

WAFER = {"code": "W-17"}
WHO = "made by perform, seen by perform, verified by verify"


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield made


def welder(*, control: bool = True) -> SterileWelder:
    """Build a welder; what it takes is checked by the gates of a step, which have tests of their own."""
    return cast("SterileWelder", WELDER.build(no_link("welder"), {"serial": "S-1"}, control=control))


def sealer(crew: Crew) -> TubeSealer:
    """Bind a sealer."""
    return cast("TubeSealer", crew.bind(SEALER.build(no_link("device"), {}, control=True), TubeSealer))


async def welded(driver: SterileWelder) -> Joint:
    """Weld two bags, and give the joint."""
    return await driver.weld(source=Container("B1-A"), dest=Container("B1-B"), kit=Lot("W-17"))


def test_a_weld_is_made_with_a_scanned_wafer_and_seen_by_two(way: Doorway, tmp_path: Path) -> None:
    """The lot stands with the weld, and so do the people."""

    async def work(crew: Crew) -> None:
        crew.script = [("scan the box", WAFER), ("weld the tubes", {"choice": MADE}), ("look at", {"choice": TIGHT})]
        driver = welder()
        assert await welded(driver) == Joint(made=True, tight=True, kit="W-17", report=WHO)
        seen = await driver.look()
        assert (seen.joints, seen.last) == (1, Joint(made=True, tight=True, kit="W-17", report=WHO))
        assert (await driver.identify()).serial == "S-1"

    with_crew(way, tmp_path, work)


def test_a_weld_that_is_not_tight_is_made_and_no_more(way: Doorway, tmp_path: Path) -> None:
    """Whoever uses it decides by that."""

    async def work(crew: Crew) -> None:
        crew.script = [("scan", WAFER), ("weld the tubes", {"choice": MADE}), ("look at", {"choice": NOT_TIGHT})]
        found = await welded(welder())
        assert (found.made, found.tight) == (True, False)

    with_crew(way, tmp_path, work)


@pytest.mark.requirement("F028", refuses=True)
def test_a_weld_that_was_refused_is_not_looked_at_and_does_not_count(way: Doorway, tmp_path: Path) -> None:
    """A second one counts for itself."""

    async def work(crew: Crew) -> None:
        crew.script = [("scan", WAFER), ("weld the tubes", {"choice": NOT_MADE})]
        driver = welder()
        assert (await welded(driver)).made is False
        assert len(crew.texts()) == 2
        assert (await driver.look()).joints == 0
        crew.enter()
        crew.script = [("scan", WAFER), ("weld the tubes", {"choice": MADE}), ("look at", {"choice": TIGHT})]
        assert (await welded(driver)).tight
        assert (await driver.look()).joints == 1

    with_crew(way, tmp_path, work)


@pytest.mark.requirement("F028", refuses=True)
def test_a_wafer_of_another_lot_is_not_taken(way: Doorway, tmp_path: Path) -> None:
    """The question goes on until the right one is scanned."""

    async def work(crew: Crew) -> None:
        crew.script = [("scan", WAFER), ("weld the tubes", {"choice": NOT_MADE})]
        await welded(welder())
        opening = crew.prompts()[0].opening
        assert opening is not None
        assert (opening.accept, opening.expects) == (("W-17",), "lot label")

    with_crew(way, tmp_path, work)


def test_seals_are_made_and_seen_and_a_restart_asks_nothing_again(way: Doorway, tmp_path: Path) -> None:
    """The questions stand as they were, answered."""

    async def work(crew: Crew) -> None:
        crew.script = [("make 3 seals", {"choice": MADE}), ("look at the 3 seals", {"choice": TIGHT})]
        driver = cast("TubeSealer", SEALER.build(no_link("sealer"), {}, control=True))
        first = await driver.seal(container=Container("B1-A"), seals=3)
        assert first == Joint(made=True, tight=True, kit="", report=WHO)
        crew.restart()
        assert await driver.seal(container=Container("B1-A"), seals=3) == first
        assert len(crew.prompts()) == 2

    with_crew(way, tmp_path, work)


def test_a_container_of_nobody_is_not_sealed(way: Doorway, tmp_path: Path) -> None:
    """The gate refuses it before anybody is asked."""

    async def work(crew: Crew) -> None:
        driver = sealer(crew)
        with pytest.raises(RefusedError):
            await driver.seal(container=Container("B9-A"), seals=3)
        assert crew.prompts() == []

    with_crew(way, tmp_path, work)


def test_without_control_or_with_no_number_of_seals_nobody_is_asked(way: Doorway, tmp_path: Path) -> None:
    """Both are refused at once."""

    async def work(crew: Crew) -> None:
        with pytest.raises(RefusedError, match="a weld needs control"):
            await welded(welder(control=False))
        driver = cast("TubeSealer", SEALER.build(no_link("sealer"), {}, control=True))
        with pytest.raises(RefusedError, match="0 seals are asked for; 1 to 10"):
            await driver.seal(container=Container("B1-A"), seals=0)
        assert crew.prompts() == []

    with_crew(way, tmp_path, work)
