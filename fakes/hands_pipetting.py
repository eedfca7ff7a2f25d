"""Hands that pipette: what a scripted person does about the questions of manual pipetting.

The question names channels, volumes and places; which container stands at a place the person sees, because it was put
there (``place`` of the fake, for the handler and for the pipette alike; see ``stand``).
Units: uL.
"""

import re
from collections.abc import Callable

from automation.gmp.people.prompts import Prompt
from fakes.bench import NAME as BENCH
from fakes.manual_pipetting import HandPipette
from fakes.panel import Crew, Habit, Values
from fakes.pipetting import Pipettor, Went
from instruments.interfaces.liquid_handler import Outcome

CLASS = "liquid handler"
KINDS = {"vials": "vial", "trough": "trough"}  # what stands on a labware; tubes on any other
_LINES = {
    "tip": re.compile(r"^channel (\d+): new tip from (\S+)$", re.MULTILINE),
    "drop": re.compile(r"^channel (\d+): tip to (\S+)$", re.MULTILINE),
    "draw": re.compile(r"^channel (\d+): draw (\S+) uL from ([^\s,]+)(, mixed first.*)?$", re.MULTILINE),
    "give": re.compile(r"^channel (\d+): give (\S+) uL into (\S+)$", re.MULTILINE),
}


def stand(crew: Crew, container: str, *, at: str) -> None:
    """Put a container on a position of the site's handler; what the world does not know yet is taken new and empty."""
    if not crew.plant.world.has(container):
        kind = KINDS.get(at.partition(".")[0], "tube")
        crew.plant.hand(BENCH, "new", container=container, kind=kind)
    crew.plant.hand(crew.asset(CLASS), "place", position=at, container=container)


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do about the questions of manual pipetting."""

    async def pipette(prompt: Prompt) -> Values:
        asset = crew.asset(CLASS)
        fake = crew.plant.fake(asset)
        if not isinstance(fake, HandPipette):
            raise TypeError(fake)
        return pipetted(_text(prompt), fake, lambda action, **details: crew.plant.hand(asset, action, **details))

    async def bare(_prompt: Prompt) -> Values:
        if not isinstance(crew.plant.fake(crew.asset(CLASS)), HandPipette):
            crew.plant.hand(crew.asset(CLASS), "remove tips")
        return {}

    async def look(_prompt: Prompt) -> Values:
        pipettor = getattr(crew.plant.fake(crew.asset(CLASS)), "pipettor", None)
        if isinstance(pipettor, Pipettor) and pipettor.out_of_tips:
            crew.plant.hand(crew.asset(CLASS), "tips")
        return {}

    return [
        Habit(r"^At \S+: (put tips on|draw|give|take tips off)\b", pipette),
        Habit(r"^Take the tips off channels .* by hand", bare),
        Habit(r"^Look at the deck, the tips and the trough\.", look),
    ]


def pipetted(text: str, fake: HandPipette, hand: Callable[..., None]) -> Values:
    """Do what the lines ask, channel by channel, and say how each went."""
    said: Values = {}
    for action, pattern in _LINES.items():
        for found in pattern.findall(text):
            hand(action, **_details(action, found))
            said[f"channel{found[0]}"] = _said(fake.went)
    return said


def _details(action: str, found: tuple[str, ...]) -> dict[str, object]:
    channel = int(found[0])
    match action:
        case "draw":
            return {"channel": channel, "volume": float(found[1]), "position": found[2], "mixed": bool(found[3])}
        case "give":
            return {"channel": channel, "volume": float(found[1]), "position": found[2]}
        case _:
            return {"channel": channel, "position": found[1]}


def _said(went: Went) -> str:
    outcome, cause = went
    return str(outcome) if outcome is Outcome.DONE else f"{outcome}, {cause}"


def _text(prompt: Prompt) -> str:
    return prompt.opening.text if prompt.opening else ""
