"""Hands at a balance: what a scripted person puts on it and takes off it, as the question says.

A container that nobody has taken yet is taken new and empty: its kind follows from what the question calls it.
Units: g.
"""

import re

from automation.gmp.people.prompts import Prompt
from fakes.mt_sics import FakeMtSics
from fakes.panel import Crew, Habit, Values
from fakes.sartorius_sbi import FakeSartorius

CLASS = "balance"
_ALONE = re.compile(r"[Pp]ut (?:the empty )?(\S+) alone on the balance")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do about a container that is to be weighed."""

    async def put(prompt: Prompt) -> Values:
        return weighed(crew, prompt)

    return [Habit(_ALONE.pattern, put)]


def weighed(crew: Crew, prompt: Prompt) -> Values:
    """Put the container that a question names on the balance, alone; gives its code when its label is to be scanned."""
    opening = prompt.opening
    found = _ALONE.search(opening.text) if opening else None
    if opening is None or found is None:
        return {}
    put_alone(crew, found[1])
    return {"code": crew.symbol(opening.accept[0], opening.expects)} if opening.accept else {}


def put_alone(crew: Crew, container: str) -> None:
    """Take off the pan whatever else stands there, and put a container on it, unless it is there."""
    clear(crew, but=container)
    if container not in _there(crew):
        crew.plant.hand(crew.asset(CLASS), "put", container=container)


def clear(crew: Crew, *, but: str = "") -> None:
    """Take off the pan whatever stands there, but for one container."""
    for one in _there(crew):
        if one != but:
            crew.plant.hand(crew.asset(CLASS), "take off", container=one)


def _there(crew: Crew) -> tuple[str, ...]:
    balance = crew.asset(CLASS)
    fake = crew.plant.fake(balance) if balance else None
    return tuple(fake.cell.containers) if isinstance(fake, FakeMtSics | FakeSartorius) else ()
