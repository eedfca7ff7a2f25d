"""Hands at an isolator that nobody can talk to: gloves tested, pressure read, the report of the cycle attached.

The isolator is no part of the world: it has ``GLOVES`` gloves and sleeves, and keeps ``PRESSURE`` against the room.
Units: Pa; s.
"""

from automation.gmp.people.prompts import Prompt
from automation.kernel.ids import keyed
from automation.kernel.quantity import Pascals, Seconds
from fakes.panel import Crew, Habit, Values

GLOVES = 8
PRESSURE = Pascals(45.0)
SPREAD = Pascals(2.0)  # standard deviation of a reading
TESTING, CYCLE = Seconds(480.0), Seconds(5400.0)


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do at an isolator."""
    hands = _Hands(crew)
    return [
        Habit(r"test every glove and sleeve", hands.gloves, TESTING),
        Habit(r"^Load the isolator by .* and start the cycle", hands.load, CYCLE),
        Habit(r"enter the last decontamination cycle", hands.cycle),
        Habit(r"attach the report of this cycle", hands.attach),
        Habit(r"read the pressure against the room", hands.pressure),
    ]


class _Hands:
    """One person's hands at an isolator."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def gloves(self, _prompt: Prompt) -> Values:
        """Find every glove without a leak."""
        return {"gloves": float(GLOVES), "result": "passed"}

    async def load(self, _prompt: Prompt) -> Values:
        """Load it, and wait for the end of the cycle."""
        return {}

    async def cycle(self, prompt: Prompt) -> Values:
        """Read the number of the cycle off its display."""
        return {"cycle": self._number(prompt), "result": "passed"}

    async def attach(self, prompt: Prompt) -> Values:
        """Attach what the isolator has printed."""
        text = f"decontamination cycle {self._number(prompt)}: passed\n"
        return {"file": self._crew.site.house.blobs.put(text.encode())}

    async def pressure(self, prompt: Prompt) -> Values:
        """Read the manometer."""
        dice = keyed(self._crew.plant.world.seed, "isolator", prompt.id)
        return {"pressure": float(round(dice.gauss(float(PRESSURE), float(SPREAD))))}

    def _number(self, prompt: Prompt) -> str:
        """Give the number that the cycle of a step has: one more for each that it was started before."""
        every = (one for one in self._crew.site.house.door.every("prompt") if isinstance(one, Prompt))
        texts = [one.opening.text for one in every if one.opening and one.batch == prompt.batch]
        return f"{prompt.batch}/{sum('and start the cycle' in text for text in texts)}"
