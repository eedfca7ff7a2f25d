"""Hands at an electroporator that nobody can talk to: a cassette is filled, pulsed, and flushed into medium.

Units: mL, s.
"""

import re

from automation.gmp.people.prompts import Prompt
from automation.kernel.ids import normal
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.hands_balance import clear
from fakes.panel import Crew, Habit, Values

FILLS, PULSES, FLUSHES = Seconds(60.0), Seconds(25.0), Seconds(40.0)  # s
PIPETTE = 0.01  # coefficient of variation of a pipetted volume
_FILL = re.compile(r"^Mix (\S+)\. Pipette (\S+) mL of it into the (\S+) (\S+) without bubbles")
_PULSE = re.compile(r"put (\S+) in, send the pulse, and say at once")
_FLUSH = re.compile(r"^Now: flush (\S+) with warm medium out of (\S+) and")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do at an electroporator."""
    hands = _Hands(crew)
    return [
        Habit(_FILL.pattern, hands.fill, FILLS),
        Habit(_PULSE.pattern, hands.pulse, PULSES),
        Habit(_FLUSH.pattern, hands.flush, FLUSHES),
    ]


class _Hands:
    """One person's hands at an electroporator."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def fill(self, prompt: Prompt) -> Values:
        """Fill a new cassette."""
        source, volume, kind, cassette = _found(_FILL, prompt)
        clear(self._crew)
        world = self._crew.plant.world
        meant = float(volume) * (1.0 + PIPETTE * normal(world.seed, "cassette", cassette))
        self._bench("mix", container=source)
        self._bench("sample", container=cassette, kind=kind, source=source, volume=meant)
        return {}

    async def pulse(self, prompt: Prompt) -> Values:
        """Send the pulse; it is delivered as programmed."""
        (cassette,) = _found(_PULSE, prompt)
        self._bench("pulse", container=cassette)
        return {"choice": prompt.opening.options[0]} if prompt.opening else {}

    async def flush(self, prompt: Prompt) -> Values:
        """Rinse the cells out of the cassette into their medium."""
        cassette, vessel = _found(_FLUSH, prompt)
        self._bench("pour", source=cassette, dest=vessel)
        self._bench("mix", container=vessel)
        return {}

    def _bench(self, action: str, **details: object) -> None:
        self._crew.plant.hand(BENCH, action, **details)


def _found(pattern: re.Pattern[str], prompt: Prompt) -> tuple[str, ...]:
    found = pattern.search(prompt.opening.text if prompt.opening else "")
    return found.groups() if found else ()
