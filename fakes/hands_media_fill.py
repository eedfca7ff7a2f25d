"""Hands at the units of a media fill: they are held against the light; what carries microbes has grown by then.

The world keeps no growth of microbes: a unit into which any came with the medium (``microbes`` among its particles) is
turbid whenever it is looked at.
"""

import re

from automation.gmp.people.prompts import Prompt
from fakes.panel import Crew, Habit, Values

MICROBES = "microbes"
_LOOK = re.compile(r"^Look at (\S+) .*against light and against dark")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do about a media fill."""

    async def look(prompt: Prompt) -> Values:
        opening = prompt.opening
        found = _LOOK.search(opening.text) if opening else None
        if opening is None or found is None:
            return {}
        carried = crew.plant.world.container(found[1]).contents.particles.get(MICROBES, 0.0)
        return {"choice": opening.options[carried > 0.0]}

    async def promote(prompt: Prompt) -> Values:
        """Find that the medium grew what it was given."""
        return {one.name: one.options[0] for one in prompt.opening.fields} if prompt.opening else {}

    return [Habit(_LOOK.pattern, look), Habit(r"^Give units of this media fill what they have to grow", promote)]
