"""Weights of a step: each stable reading of a balance with the container scanned for it, and each weighed fill.

Units:  us (UTC), g; densities in g/mL.
Source: 21 CFR 211.188(b)(4) (weights and measures in the record), 211.101(b) (weighed, with what is on the pan known).
"""

from collections.abc import Mapping

import msgspec

from automation.engine.journal import Replied
from automation.gmp.product.containers import Filling, Purpose
from automation.views import record_of_product as product
from automation.views import shapes
from automation.views.story import Story

_FILLED = frozenset({Purpose.PRODUCT, Purpose.ALIQUOT})


class _Weighed(msgspec.Struct, frozen=True):
    """What a balance gave."""

    state: str = ""
    net: float | None = None
    tare: float | None = None


def weighings(story: Story, step: str) -> tuple[product.Weighing, ...]:
    """Give every stable weight of a step: the whole container, a tare in the balance included."""
    names = _codes(story)
    scanned = [
        (told.events[0].seq, names.get(told.now.opening.accept[0], ""))
        for told in story.prompts
        if told.now.step == step and told.now.opening is not None and told.now.opening.accept
    ]
    found: list[product.Weighing] = []
    for event in story.steps[step]:
        if event.kind == "read" and b'"method":"weigh"' in event.body:
            said = event.read(Replied)
            seen = msgspec.json.decode(bytes(said.value), type=_Weighed)
            if seen.state == "stable" and seen.net is not None:
                container = next((name for seq, name in reversed(scanned) if seq < event.seq), "")
                gross = seen.net + (seen.tare or 0.0)
                found.append(product.Weighing(container, event.at, gross, said.asset, event.seq))
    return tuple(found)


def fills(story: Story, step: str) -> tuple[product.Filled, ...]:
    """Give what was weighed into containers of product in a step, beside the recipe's target and tolerance."""
    given = story.bound[step].parameters
    return tuple(
        product.Filled(told.id, event.at, mass, *_aimed(given, told.now.kind), event.seq)
        for told in story.containers
        if told.now.purpose in _FILLED
        for event, fact in told.of("fill")
        if isinstance(said := fact.body, Filling) and said.step == step and (mass := said.mass_g) is not None
    )


def _codes(story: Story) -> Mapping[str, str]:
    """Give the container of each code: our own label, or the donation number of what came from outside."""
    known = {told.id for told in story.containers}
    outside = {told.now.din: told.id for told in story.containers if told.now.parent not in known}
    return outside | {name: name for name in known}


def _aimed(given: Mapping[str, shapes.Given], kind: str) -> tuple[float | None, float | None]:
    """Give target and tolerance of a fill (g): of the parameters for this kind of container, with the density."""
    density = given["density"].value if "density" in given else None
    for one in given.values():
        said = one.value
        if isinstance(said, dict) and said.get("kind") == kind:
            volume, tolerance = said.get("volume"), said.get("tolerance")
            if isinstance(volume, int | float) and isinstance(density, int | float):
                return float(volume) * float(density), float(tolerance) if isinstance(tolerance, int | float) else None
    return None, None
