"""What scripted people do with their hands about the questions of our operations; they answer everything by themselves.

A question without a habit is answered by its paper, its label or its first option, and nothing moves in the world.
"""

import re

from automation.gmp.people.prompts import Prompt
from fakes.bench import NAME as BENCH
from fakes.panel import Crew, Habit, Values

_ON = re.compile(r"^Put (\S+) on the plate")
_OFF = re.compile(r"^Take (\S+) off the plate")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do, each about the questions that its pattern finds."""

    def named(pattern: re.Pattern[str], prompt: Prompt) -> str:
        found = pattern.search(prompt.opening.text if prompt.opening else "")
        return found[1] if found else ""

    async def put_on(prompt: Prompt) -> Values:
        container = named(_ON, prompt)
        crew.plant.hand(crew.asset("thawer"), "put", container=container)
        label = prompt.opening.accept[0] if prompt.opening else ""
        return {"code": crew.symbol(label, prompt.opening.expects if prompt.opening else "")}

    async def take_off(prompt: Prompt) -> Values:
        crew.plant.hand(crew.asset("thawer"), "take", container=named(_OFF, prompt), to=BENCH)
        return {}

    return [Habit(_ON.pattern, put_on), Habit(_OFF.pattern, take_off)]
