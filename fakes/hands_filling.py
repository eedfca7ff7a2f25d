"""Hands that formulate and fill: what a scripted person does about the questions of these operations.

The question names containers, lots and volumes. A lot of a liquid is the container of the world of the same name. A
hand meets a volume to within ``HAND`` mL, by seed.
Units: mL.
"""

import re

from automation.gmp.people.prompts import Prompt
from automation.kernel.ids import normal
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.hands_balance import weighed
from fakes.panel import Crew, Habit, Values

HAND = 0.05  # mL, standard deviation of what a hand adds
MIXES = Seconds(45.0)  # s for adding and mixing
_ADD = re.compile(r"Add (\S+) mL of [^,]+, lot (\S+), to (\S+)")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do about formulating and filling."""
    hands = _Hands(crew)
    return [
        Habit(_ADD.pattern, hands.add, MIXES),
        Habit(r"^Bring (\S+) and .* to 2 to 8 degC and make ready", hands.cool),
        Habit(r"\. Mix, close and put .* at 2 to 8 degC", hands.put_away),
    ]


class _Hands:
    """One person's hands at the bench."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def add(self, prompt: Prompt) -> Values:
        """Add what the question names, mix, and weigh when it asks for that."""
        found = _ADD.search(_text(prompt))
        if found:
            volume, lot, container = float(found[1]), found[2], found[3]
            self._pour(lot, container, volume, prompt.id)
        return weighed(self._crew, prompt)

    async def cool(self, prompt: Prompt) -> Values:
        """Put the container on a cold pack."""
        found = re.match(r"Bring (\S+) ", _text(prompt))
        if found:
            self._crew.plant.hand(BENCH, "move", container=found[1], to="fridge")
        return {}

    async def put_away(self, prompt: Prompt) -> Values:
        """Put every container that the question names into the refrigerator."""
        named = re.search(r"put (.*) at 2 to 8 degC", _text(prompt))
        for one in named[1].split(", ") if named else ():
            self._crew.plant.hand(BENCH, "move", container=one, to="fridge")
        return {}

    def _pour(self, source: str, dest: str, volume: float, key: str) -> None:
        """Mix the source, pour about as much as was asked for, mix again."""
        world = self._crew.plant.world
        meant = max(0.0, volume + HAND * normal(world.seed, "hand", key))
        self._crew.plant.hand(BENCH, "mix", container=source)
        self._crew.plant.hand(BENCH, "pour", source=source, dest=dest, volume=meant)
        self._crew.plant.hand(BENCH, "mix", container=dest)


def _text(prompt: Prompt) -> str:
    return prompt.opening.text if prompt.opening else ""
