"""Hands that load a deck and pipette, whatever stands at the site; units uL, s."""

from dataclasses import dataclass
from typing import NoReturn

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from fakes.bench import NAME, Bench
from fakes.faults import Faults
from fakes.hands_pipetting import stand
from fakes.manual_pipetting import HandPipette
from fakes.own_handler import FakeOwnHandler
from fakes.plant import Plant, PlantLog
from fakes.world import World
from tests.support.freezers import START

pytestmark = pytest.mark.requirement("F119", "C07")

HANDLER = "handler-01"


class Hall(Plant):
    """A plant with a bench and one handler in a world."""

    def __init__(self, clock: SimulatedClock, kind: type[FakeOwnHandler | HandPipette]) -> None:
        """Put them there."""
        super().__init__(clock, PlantLog(None), Faults())
        self.world = World(1)
        self.handler = kind(self.world, HANDLER)
        self.add(NAME, Bench(self.world))
        self.add(HANDLER, self.handler)


@dataclass(frozen=True)
class Person:
    """One who knows the plant and which asset is the handler."""

    plant: Hall

    @property
    def site(self) -> NoReturn:
        """Know nothing of the site."""
        raise AssertionError("hands need no site to stand things somewhere")

    def asset(self, capability: str) -> str:
        """Give the handler."""
        return HANDLER if capability == "liquid handler" else ""

    def symbol(self, code: str, kind: str) -> str:
        """Give a code of a kind as a label has it."""
        return f"{kind}:{code}"


@pytest.mark.parametrize("kind", [FakeOwnHandler, HandPipette])
def test_things_are_stood_on_the_deck_of_any_handler_and_taken_new_where_there_are_none(
    kind: type[FakeOwnHandler | HandPipette],
) -> None:
    """A vial on a place for vials, a tube on another; what is there already is carried."""

    async def main(clock: SimulatedClock) -> None:
        person = Person(Hall(clock, kind))
        for position, container in (("vials.A1", "V-1"), ("aliquots.A1", "QC-1"), ("trough.A1", "T-1")):
            stand(person, container, at=position)
        stand(person, "V-1", at="vials.B1")
        hall = person.plant
        assert dict(hall.handler.pipettor.standing) == {"aliquots.A1": "QC-1", "trough.A1": "T-1", "vials.B1": "V-1"}
        assert [hall.world.container(name).kind for name in ("V-1", "QC-1", "T-1")] == ["vial", "tube", "trough"]
        assert hall.world.container("V-1").place == HANDLER

    run_simulated(main, start=START)
