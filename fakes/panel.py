"""Hands at devices that nobody can talk to: what a scripted person does at a panel, read off the question's own text.

Units: degC, K/min, s.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from automation.engine.site import Site
from automation.formulas.counts import SQUARES_PER_ML
from automation.gmp.people.prompts import Prompt
from automation.kernel.ids import keyed
from automation.kernel.quantity import Seconds
from fakes.cell_counter import suspension
from fakes.freezer import Freezer
from fakes.physics.programmer import State
from fakes.plant import Fake
from fakes.world import World

Values = dict[str, str | float | bool]
"""What is answered: a value for each field."""

LOOKS_EVERY = Seconds(30.0)  # s between a person's looks at a running freezer
COUNTED = 400  # cells; what a person counts for 5 %
DYED, IN_SQUARE, MOST_SQUARES = 2.0, 50.0, 100  # one to one with dye; cells in a square; squares that anybody counts
_RAMP = re.compile(r"ramp to (\S+) degC at (\S+) K/min")
_HOLD = re.compile(r"hold at (\S+) degC for (\S+) min")
_STEP = re.compile(r"step to (\S+) degC")
_ENDS = {State.COMPLETE: "ended", State.HOLD: "held", State.RESET: "stopped"}


@dataclass(frozen=True, slots=True)
class Habit:
    """What a person does about prompts whose text matches: gives values, or None to leave it alone."""

    pattern: str
    act: Callable[[Prompt], Awaitable[Values | None]]
    takes: Seconds | None = None  # instead of the usual time


class Place(Protocol):
    """The plant under a person's hands."""

    @property
    def world(self) -> World:
        """Give the world."""
        ...

    def fake(self, link: str) -> Fake:
        """Give the device at the end of a link."""
        ...

    def hand(self, link: str, action: str, **details: object) -> None:
        """Let a hand act on a device."""
        ...

    def was_begun(self, errand: str) -> bool:
        """Tell whether a person did something on an errand before the program started anew."""
        ...


class Crew(Protocol):
    """The people whose hands these are."""

    @property
    def plant(self) -> Place:
        """Give the plant that they work at."""
        ...

    @property
    def site(self) -> Site:
        """Give the site that they work at."""
        ...

    def asset(self, capability: str) -> str:
        """Give the asset of a class that a fake stands for."""
        ...

    def symbol(self, code: str, kind: str) -> str:
        """Give a code as it stands in the symbol on a label."""
        ...


class Panel:
    """What one person's hands do at the panel of an observed freezer, and at a microscope."""

    def __init__(self, staff: "Crew") -> None:
        """Lend a person hands."""
        self._staff = staff

    async def select(self, prompt: Prompt) -> Values:
        """End what is left of an earlier program, and enter the one that is written in the question."""
        fake = self._staff.plant.fake(self._freezer)
        if isinstance(fake, Freezer) and fake.programmer_state is State.COMPLETE:
            self._hand("key", key="reset")
        segments: list[dict[str, object]] = []
        for line in _text(prompt).splitlines():
            segments += _segments(line)
        self._hand("program", segments=segments)
        return {}

    async def aim(self, prompt: Prompt) -> Values:
        """Set the chamber to the temperature in the question."""
        found = re.search(r"set the chamber to (\S+) degC", _text(prompt))
        if found:
            self._hand("set point", target=float(found[1]))
        return {}

    async def press_start(self, _prompt: Prompt) -> Values:
        """Press the start key."""
        self._hand("key", key="start")
        return {}

    async def press_go_on(self, _prompt: Prompt) -> Values:
        """Let a held program go on."""
        self._hand("key", key="go on")
        return {}

    async def look_for_end(self, _prompt: Prompt) -> Values:
        """Look now and then until the program no longer runs, and say how it ended."""
        return {"choice": await self._end()}

    async def clean(self, prompt: Prompt) -> Values:
        """Clean; a freezer is left alone until its program no longer runs, and what is still inside is taken out."""
        freezer = self._freezer
        if _text(prompt).startswith(f"Clean {freezer} "):
            frozen = await self._end() == _ENDS[State.COMPLETE]
            for container in self._staff.plant.world.inside(freezer):
                self._hand("unload", container=container, to="storage" if frozen else "fridge")
        return {}

    async def attach(self, _prompt: Prompt) -> Values:
        """Attach the freezer's run report."""
        fake = self._staff.plant.fake(self._freezer)
        report = getattr(fake, "report", None)
        text = str(report(self._staff.site.house.clock.now())) if report else ""
        return {"file": self._staff.site.house.blobs.put(text.encode())}

    async def count(self, prompt: Prompt) -> Values:
        """Count under the microscope: Poisson around what is truly in the tube."""
        sample = next(iter(re.findall(r"\S+-\d+[A-Z]\b", _text(prompt))), "")
        total, viability = suspension(self._staff.plant.world, sample) or (0.0, 0.0)
        dice = keyed(self._staff.plant.world.seed, "microscope", sample)
        seen = max(1, round(dice.gauss(COUNTED, COUNTED**0.5)))
        live = min(
            seen, round(dice.gauss(seen * viability / 100, (seen * viability / 100 * (1 - viability / 100)) ** 0.5))
        )
        if prompt.opening and any(field.name == "squares" for field in prompt.opening.fields):
            return _in_chamber(total, seen=seen, live=live)
        return {
            "total": float(round(total * seen / COUNTED, -3)),
            "viability": round(100.0 * live / seen, 1),
            "seen": float(seen),
        }

    async def _end(self) -> str:
        """Wait until the program no longer runs; gives how it ended."""
        fake = self._staff.plant.fake(self._freezer)
        clock = self._staff.site.house.clock
        if not isinstance(fake, Freezer):
            raise TypeError(fake)
        while True:
            fake.measured(clock.now())  # lets the chamber live up to now; looking changes nothing
            state = fake.programmer_state
            if state in _ENDS:
                return _ENDS[state]
            await clock.sleep(LOOKS_EVERY)

    def _hand(self, action: str, **details: object) -> None:
        self._staff.plant.hand(self._freezer, action, **details)

    @property
    def _freezer(self) -> str:
        return self._staff.asset("controlled rate freezer")


def _in_chamber(total: float, *, seen: int, live: int) -> Values:
    """Give what is seen of a suspension (cells/mL), diluted until a square can be counted, in squares for 400 cells."""
    dilution = DYED * max(1, round(total / SQUARES_PER_ML / DYED / IN_SQUARE))
    each = max(1.0, total / SQUARES_PER_ML / dilution)
    squares = min(MOST_SQUARES, max(1, round(COUNTED / each)))
    counted = each * squares * seen / COUNTED
    alive = round(counted * live / seen)
    return {
        "live": float(alive),
        "dead": float(max(0, round(counted) - alive)),
        "squares": float(squares),
        "dilution": dilution,
    }


def _text(prompt: Prompt) -> str:
    return prompt.opening.text if prompt.opening else ""


def _segments(line: str) -> list[dict[str, object]]:
    if ramp := _RAMP.search(line):
        return [{"type": "ramp", "target": float(ramp[1]), "rate": float(ramp[2])}]
    if hold := _HOLD.search(line):
        return [{"type": "step", "target": float(hold[1])}, {"type": "dwell", "seconds": 60.0 * float(hold[2])}]
    if step := _STEP.search(line):
        return [{"type": "step", "target": float(step[1])}]
    return []
