"""Hands that draw samples for a laboratory: look at the tubes, put them to where they wait, and let them be taken.

The tubes themselves are drawn in ``hands_culture``, their labels looked at in ``hands_filling``.
Units: none.
"""

import re

from automation.gmp.people.prompts import Prompt
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.panel import Crew, Habit, Values

WALKS = Seconds(600.0)  # s to the laboratory
_LOOK = re.compile(r"^Look at the samples (.*): closed")
_SCAN = re.compile(r": scan (\S+) and put it to (.*)$")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do about samples."""
    hands = _Hands(crew)
    return [
        Habit(_LOOK.pattern, hands.look),
        Habit(_SCAN.pattern, hands.take),
        Habit(r": are the samples .* taken\?", hands.say, WALKS),
    ]


class _Hands:
    """One person's hands at sample tubes."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def look(self, prompt: Prompt) -> Values:
        """Look at every tube; they are good."""
        return _first(prompt)

    async def take(self, prompt: Prompt) -> Values:
        """Scan a tube at the laboratory and put it to where it waits."""
        found = _SCAN.search(prompt.opening.text if prompt.opening else "")
        if found and found[2].startswith("2 to 8"):
            self._crew.plant.hand(BENCH, "move", container=found[1], to="fridge")
        opening = prompt.opening
        return {} if opening is None else {"code": self._crew.symbol(opening.accept[0], opening.expects)}

    async def say(self, prompt: Prompt) -> Values:
        """Take all of them."""
        return _first(prompt)


def _first(prompt: Prompt) -> Values:
    """Give the first option of every field."""
    return {one.name: one.options[0] for one in prompt.opening.fields} if prompt.opening else {}
