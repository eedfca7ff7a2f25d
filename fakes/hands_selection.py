"""Hands at a separator that nobody can talk to: the program is selected, started, and its end awaited.

The buffer is the container of the world whose name begins with ``BUFS``; the cells come out in ``OUT`` mL of it.
Units: mL, s.
"""

import re

from automation.gmp.people.prompts import Prompt
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.hands_balance import clear
from fakes.panel import Crew, Habit, Values

OUT = 60.0  # mL
TAKES = Seconds(5400.0)  # s of a run
BUFFER = "BUFS"
_START = re.compile(r"start the run from (\S+) into (\S+) and")
_DEPLETES = re.compile(r"^- Mode: depletion", re.MULTILINE)
_TARGET = re.compile(r"^- Target: (\S+)", re.MULTILINE)


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do at a separator."""
    hands = _Hands(crew)
    return [
        Habit(r"select the program '.+' and compare:", hands.done, Seconds(120.0)),
        Habit(r"^Install the set and connect: source bag", hands.connect, Seconds(420.0)),
        Habit(_START.pattern, hands.done),
        Habit(r"say how the run ended, when it is over", hands.end, TAKES),
        Habit(r"end the run, let it bring out the cells", hands.bring_out, Seconds(600.0)),
    ]


class _Hands:
    """One person's hands at a separator."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def done(self, _prompt: Prompt) -> Values:
        """Do it, and say so."""
        return {}

    async def connect(self, _prompt: Prompt) -> Values:
        """Take the bags off the balance and hang them at the device."""
        clear(self._crew)
        return {}

    async def end(self, prompt: Prompt) -> Values:
        """Take out the set when the run is over: the wanted cells are in their bag."""
        self._separate(prompt)
        return {"choice": prompt.opening.options[0]} if prompt.opening else {}

    async def bring_out(self, prompt: Prompt) -> Values:
        """Let the device bring out what it has."""
        self._separate(prompt)
        return {}

    def _separate(self, prompt: Prompt) -> None:
        """Let the run have happened, once."""
        asked = [one for one in self._crew.site.house.door.every("prompt") if isinstance(one, Prompt)]
        texts = [
            one.opening.text for one in asked if one.opening and (one.batch, one.step) == (prompt.batch, prompt.step)
        ]
        started = next((found for one in reversed(texts) if (found := _START.search(one))), None)
        target = next((found[1] for one in reversed(texts) if (found := _TARGET.search(one))), "")
        if started is None or float(self._crew.plant.world.container(started[2]).contents.cells) > 0.0:
            return
        details: dict[str, object] = {"source": started[1], "dest": started[2], "target": target, "volume": OUT}
        if any(_DEPLETES.search(one) for one in texts):
            details["depletes"] = True
        self._crew.plant.hand(BENCH, "select", buffer=self._buffer(), **details)

    def _buffer(self) -> str:
        return next(name for name in self._crew.plant.world.names() if name.startswith(BUFFER))
