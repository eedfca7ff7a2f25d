"""Accounts of a filling: volume and cells that came in against all that is accounted for, labels and containers.

Units:  mL, cells, %; densities in g/mL.
Source: 21 CFR 211.103 (yields), 211.125(c) (labels), 211.192; JCGM 100:2008 (GUM) 5.2.2 (the density is one reading).
"""

from dataclasses import dataclass, field

from automation.formulas.filling import closing
from automation.formulas.reconciliation import Balance
from automation.formulas.traced import NOTHING, Traced, reading
from automation.kernel.quantity import Cells, Millilitres, Percent
from protocols.operations.filling import Filled, Parameters, Results


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the accounts come to, and what is wrong with them."""

    wrong: tuple[str, ...]
    results: dict[str, object] = field(default_factory=dict)


def accounts(got: Results, given: Parameters) -> Accounts:
    """Close the accounts of a filling."""
    volume, cells = _volumes(got, given), _cells(got, given)
    bags = [one for one in got.weighed if one.container in _good_bags(got)]
    least = min(bags, key=lambda one: float(one.volume), default=None)
    filled = _good(got, given)
    dose = NOTHING if least is None else _amount(least, given) * _count(given)
    results: dict[str, object] = {
        "bags_filled": len(bags),
        "vials_filled": _pipetted(got, {one.container for one in got.vials}),
        "aliquots_filled": _pipetted(got, {one.container for one in got.aliquots}),
        "volume_filled": Millilitres(filled.value),
        "cells_filled": Cells((filled * _count(given)).value),
        "smallest_bag": least.volume if least else None,
        "largest_bag": max((one.volume for one in bags), default=None),
        "dose_per_bag": Cells(dose.value) if least else None,
        "dose_uncertainty": Cells(dose.standard) if least else None,
        "volume_unaccounted": Millilitres(volume.unaccounted),
        "volume_expanded": Millilitres(volume.expanded),
        "volume_share": Percent(volume.share),
        "cells_unaccounted": Percent(cells.share),
        "balance": volume.lines,
    }
    return Accounts(tuple(_wrong(got, given, volume)), results)


def _wrong(got: Results, given: Parameters, volume: Balance) -> list[str]:
    found: list[str] = []
    if abs(volume.share) > float(given.unaccounted_at_most):
        found.append(
            f"{volume.unaccounted:.2f} mL of {volume.came_in:.2f} mL are unaccounted for ({volume.share:.1f} %), "
            f"at most {given.unaccounted_at_most:g} % is allowed"
        )
    if got.bags and not _good_bags(got):
        found.append("no bag is left that could go to the patient")
    if got.labels_unaccounted:
        found.append(f"{got.labels_unaccounted} of {got.labels_printed} labels are unaccounted for")
    if got.containers_unaccounted:
        found.append(f"{got.containers_unaccounted} filled containers are unaccounted for")
    return found


def _volumes(got: Results, given: Parameters) -> Balance:
    """Give the balance of volumes: the formulated bag against all fills, what was wasted, and what is left."""
    came = {"formulated": reading("formulated", float(given.volume), standard=float(given.volume_uncertainty))}
    return closing("volume", unit="mL", came=came, went=_out(got, given), sources=_sources(got))


def _cells(got: Results, given: Parameters) -> Balance:
    """Give the balance of viable cells: every volume holds what the count of the whole says."""
    count = _count(given)
    whole = reading("formulated", float(given.volume), standard=float(given.volume_uncertainty)) * count
    went = {name: amount * count for name, amount in _out(got, given).items()}
    return closing("viable cells", unit="cells", came={"formulated": whole}, went=went, sources=_sources(got))


def _good(got: Results, given: Parameters) -> Traced:
    """Give the volume in all that was filled and not rejected (mL)."""
    good = {one.container for one in (*got.bags, *got.vials, *got.aliquots)} - set(got.rejected)
    return sum((amount for name, amount in _out(got, given).items() if name in good), NOTHING)


def _out(got: Results, given: Parameters) -> dict[str, Traced]:
    bags = {one.container for one in got.bags}
    weighed = {one.container: _amount(one, given) for one in got.weighed if one.container in bags}
    pipetted = {
        one.container: reading(one.container, float(one.volume), standard=float(one.standard)) for one in got.pipetted
    }
    wasted = reading("wasted", float(got.wasted or 0.0), standard=float(got.wasted_uncertainty or 0.0))
    hold_up = reading("hold-up", float(given.hold_up), standard=float(given.hold_up_uncertainty))
    left = {f"left in {one.container}": _amount(one, given) for one in (got.left_in_bag, got.left_in_trough) if one}
    return {**weighed, **pipetted, "wasted with tips": wasted, "hold-up": hold_up, **left}


def _sources(got: Results) -> dict[str, str]:
    """Say where each amount comes from that was not weighed here."""
    pipetted = dict.fromkeys((one.container for one in got.pipetted), "pipetted")
    return {"formulated": "formulation", "wasted with tips": "pipetted", "hold-up": "recipe", **pipetted}


def _amount(one: Filled, given: Parameters) -> Traced:
    """Give a weighed volume: its own weighing, and the density that all of them share."""
    mass = reading(
        f"weight of {one.container}", float(one.mass or 0.0), standard=2**0.5 * float(given.balance_uncertainty)
    )
    density = reading(
        "density", float(given.density), standard=float(given.density) * float(given.density_uncertainty) / 100
    )
    return mass / density


def _count(given: Parameters) -> Traced:
    return reading("count", float(given.concentration), standard=float(given.concentration_uncertainty))


def _good_bags(got: Results) -> set[str]:
    return {one.container for one in got.bags if one.container not in got.rejected}


def _pipetted(got: Results, names: set[str]) -> int:
    return sum(1 for one in got.pipetted if one.container in names and one.container not in got.rejected)
