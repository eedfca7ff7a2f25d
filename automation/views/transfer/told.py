"""What is said of the steps of a recipe: feedback in the order of the steps, and what became of each."""

from dataclasses import dataclass

from automation.engine.recipe.model import Recipe
from automation.gmp.marks import OPEN, told_of
from automation.gmp.objects import Site
from automation.gmp.quality.feedback import Feedback


@dataclass(frozen=True, slots=True)
class Told:
    """One piece of feedback; ``known`` tells whether the recipe has its step and parameter."""

    step: str
    parameter: str
    feedback: str
    state: str
    seen: str
    proposal: str
    became: str
    known: bool


def feedback_on(recipe: Recipe, site: Site) -> tuple[Told, ...]:
    """Give all feedback on a recipe; of steps that it has not, or has no more, last."""
    found = [one for one in site.marked("feedback", told_of(recipe.header.id)) if isinstance(one, Feedback)]
    placed = sorted(((_place(one, recipe), one) for one in found), key=lambda pair: pair[0])
    return tuple(_told(one, known=place < len(recipe.steps)) for place, one in placed)


def open_feedback(site: Site, recipe: str) -> tuple[tuple[str, str, str, str], ...]:
    """Give the feedback on a recipe that nobody has answered or refused: id, step, state, what was seen."""
    every = (one for one in site.marked("feedback", told_of(recipe)) if isinstance(one, Feedback))
    still = ((one, one.said) for one in every if OPEN in one.found_by)
    return tuple((one.id, said.step, str(one.state), said.seen) for one, said in still if said is not None)


def _told(one: Feedback, *, known: bool) -> Told:
    said = one.said
    if said is None:
        raise TypeError(one)
    became = one.outcome or one.refused or (f"change {one.change}" if one.change else "")
    return Told(said.step, said.parameter, one.id, str(one.state), said.seen, said.proposal, became, known)


def _place(one: Feedback, recipe: Recipe) -> int:
    """Give where its step stands in the recipe; behind the last for one that the recipe has not."""
    said = one.said
    for number, step in enumerate(recipe.steps):
        if said is not None and step.id == said.step and (not said.parameter or said.parameter in step.given):
            return number
    return len(recipe.steps)
