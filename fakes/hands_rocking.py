"""Hands at a rocking-bag bioreactor: the bag is hung in, its lines are joined, and it is taken off.

Units: none.
"""

import re

from automation.gmp.people.prompts import Prompt
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.hands_balance import clear
from fakes.panel import Crew, Habit, Values
from fakes.rocking_bag import FakeRockingBag

CLASS = "bioreactor"
HANGS, JOINS = Seconds(120.0), Seconds(300.0)  # s
_HANG = re.compile(r"^Hang (\S+) onto the rocker")
_NEW = re.compile(r"^Take a new (\S+) of lot \S+ for spent medium, put the label (\S+) on it")
_JOIN = re.compile(r"^Join the feed line and the medium line to lot (\S+), the waste line to (\S+),")
_TAKE = re.compile(r"take (\S+) off the rocker and scan")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do at a rocker."""
    hands = _Hands(crew)
    return [
        Habit(_HANG.pattern, hands.hang, HANGS),
        Habit(_NEW.pattern, hands.take_new),
        Habit(_JOIN.pattern, hands.join, JOINS),
        Habit(_TAKE.pattern, hands.take_off, HANGS),
    ]


class _Hands:
    """One person's hands at a rocker."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def hang(self, prompt: Prompt) -> Values:
        """Hang the bag in."""
        clear(self._crew)
        self._hand("hang", container=_found(_HANG, prompt)[0])
        return self._label(prompt)

    async def take_new(self, prompt: Prompt) -> Values:
        """Take a new bag for spent medium."""
        kind, name = _found(_NEW, prompt)
        self._crew.plant.hand(BENCH, "new", container=name, kind=kind)
        return self._label(prompt)

    async def join(self, prompt: Prompt) -> Values:
        """Join the lines by sterile connections."""
        medium, waste = _found(_JOIN, prompt)
        for line, end in (("feed", medium), ("medium", medium), ("waste", waste)):
            self._hand("connect", line=line, container=end)
        return {}

    async def take_off(self, prompt: Prompt) -> Values:
        """Take the bag off, onto the bench."""
        self._hand("take", container=_found(_TAKE, prompt)[0], to=BENCH)
        return self._label(prompt)

    def _label(self, prompt: Prompt) -> Values:
        opening = prompt.opening
        return {} if opening is None else {"code": self._crew.symbol(opening.accept[0], opening.expects)}

    def _hand(self, action: str, **details: object) -> None:
        asset = self._crew.asset(CLASS)
        if isinstance(self._crew.plant.fake(asset) if asset else None, FakeRockingBag):
            self._crew.plant.hand(asset, action, **details)


def _found(pattern: re.Pattern[str], prompt: Prompt) -> tuple[str, ...]:
    found = pattern.search(prompt.opening.text if prompt.opening else "")
    return found.groups() if found else ()
