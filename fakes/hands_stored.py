"""Hands at the transfer station of an incubator that takes vessels in and brings them out by itself."""

import re

from automation.gmp.people.prompts import Prompt
from automation.kernel.quantity import Seconds
from fakes.hands_balance import clear
from fakes.panel import Crew, Habit, Values

CLASS = "storing incubator"
WALK = Seconds(60.0)
_PUT = re.compile(r"^Put (\S+), closed, on the transfer station")
_TAKE = re.compile(r"^Take \S+ off the transfer station")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do at the transfer station."""

    def label(prompt: Prompt) -> Values:
        opening = prompt.opening
        return {} if opening is None else {"code": crew.symbol(opening.accept[0], opening.expects)}

    async def put(prompt: Prompt) -> Values:
        found = _PUT.search(prompt.opening.text) if prompt.opening else None
        if found is not None:
            clear(crew)
            crew.plant.hand(crew.asset(CLASS), "put", container=found[1])
        return label(prompt)

    async def take(prompt: Prompt) -> Values:
        crew.plant.hand(crew.asset(CLASS), "take", to="bench")
        return label(prompt)

    return [Habit(_PUT.pattern, put, WALK), Habit(_TAKE.pattern, take, WALK)]
