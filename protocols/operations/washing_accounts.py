"""The accounts of a wash: volumes from weights and from what the washer counted, what is left over, and the residual.

In + buffer = out + waste + hold-up. In and out are weighed, buffer and waste counted by the washer (or entered from its
sheet), the hold-up is declared by the recipe; every line carries its standard uncertainty.
Units:  mL, g, %.
Source: ``automation.formulas.washing`` and ``automation.formulas.reconciliation``.
"""

import math
from dataclasses import dataclass

from automation.formulas.reconciliation import Balance, Line
from automation.formulas.uncertainty import Uncertain, difference, ratio, relative
from automation.formulas.washing import batch_residual, continuous_residual, weighed_volume
from automation.kernel.quantity import Grams, GramsPerMillilitre, Millilitres, Percent
from protocols.operations.washing import Approved, Parameters, Washout

NONE = Millilitres(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Four weighings (g): each bag as it was and as it is."""

    source_before: Grams
    source_after: Grams
    product_before: Grams
    product_after: Grams


@dataclass(frozen=True, slots=True)
class Counted:
    """What the washer counted (mL), and where that was read."""

    washed: Millilitres
    wasted: Millilitres
    source: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """One wash in numbers."""

    came_in: Uncertain
    came_out: Uncertain
    left: Uncertain  # in the source bag
    mass_out: Grams
    residual: Percent
    balance: Balance


def account(
    weights: Weights, counted: Counted, *, approved: Approved, given: Parameters, rinsed: Millilitres | None
) -> Accounts:
    """Work out a wash; ``rinsed`` is the buffer (mL) with which people brought the cells out, None when none did.

    Raises InputError for what is no weight or volume.
    """
    came_in = _weighed(weights.source_before, weights.source_after, density=given.source_density, given=given)
    came_out = _weighed(weights.product_after, weights.product_before, density=given.product_density, given=given)
    left = source_contents(weights.source_after, given)
    share = float(given.flow_uncertainty) / 100.0
    washed, wasted = relative(float(counted.washed), share), relative(float(counted.wasted), share)
    lines = (
        Line("out of the source bag", came_in.value, came_in.standard, goes_in=True, source="weighed"),
        Line("wash buffer", washed.value, washed.standard, goes_in=True, source=counted.source),
        Line("washed product", came_out.value, came_out.standard, source="weighed"),
        Line("waste", wasted.value, wasted.standard, source=counted.source),
        _hold_up(approved, rinsed),
        *([] if rinsed is None else [_rinse(rinsed)]),
    )
    return Accounts(
        came_in,
        came_out,
        Uncertain(max(0.0, left.value), left.standard),
        weights.product_after - weights.product_before,
        residual(counted.washed, approved),
        Balance("volume of the wash", "mL", lines),
    )


def residual(washed: Millilitres, approved: Approved) -> Percent:
    """Give the calculated share of the old medium (%) after this much buffer (mL, all that was used)."""
    buffer = max(NONE, washed - approved.other_buffer)
    match approved.washout:
        case Washout.CONTINUOUS:
            return continuous_residual(buffer=buffer, chamber=approved.chamber)
        case Washout.BATCH:
            return batch_residual(buffer=buffer, left=approved.chamber, cycles=approved.cycles)


def _hold_up(approved: Approved, rinsed: Millilitres | None) -> Line:
    """Give what stays in the kit; once it was rinsed out by hand, anything from nothing to the usual is possible."""
    value, standard = float(approved.hold_up), float(approved.hold_up_uncertainty)
    if rinsed is not None:
        value, standard = value / 2.0, math.hypot(standard, value / math.sqrt(12.0))
    return Line("hold-up of the kit", value, standard, source="recipe", measured=False)


def _rinse(rinsed: Millilitres) -> Line:
    return Line("rinse by hand", float(rinsed), 0.1 * float(rinsed), goes_in=True, source="entered")


def source_contents(gross: Grams, given: Parameters) -> Uncertain:
    """Give the volume in the source bag (mL) by its weight; nobody weighed that bag empty."""
    mass = difference(
        Uncertain(float(gross), float(given.balance_uncertainty)),
        Uncertain(float(given.source_empty), float(given.source_empty_uncertainty)),
    )
    return ratio(mass, relative(float(given.source_density), float(given.density_uncertainty) / 100.0))


def product_volume(gross: Grams, *, bag: Grams, given: Parameters) -> Uncertain:
    """Give the volume in the product bag (mL) by its weight."""
    return _weighed(gross, bag, density=given.product_density, given=given)


def _weighed(heavier: Grams, lighter: Grams, *, density: GramsPerMillilitre, given: Parameters) -> Uncertain:
    return weighed_volume(
        heavier,
        lighter,
        standard=given.balance_uncertainty,
        density=density,
        density_share=given.density_uncertainty,
    )
