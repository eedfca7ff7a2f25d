"""Formulation: the diluent and cryoprotectant that bring washed cells to a concentration, and what the weights say.

Units:  mL, g, cells, cells/mL, %; densities in g/mL, shares from 0 to 1. Volumes are taken as additive.
Source: dilution C1 V1 = C2 V2; order of addition (diluent first, cryoprotectant in portions) as in common practice;
        JCGM 100:2008 (GUM) 5.1.2 and 5.2.2 for the uncertainties, of which shared readings cancel.
"""

from dataclasses import dataclass

from automation.formulas.traced import Traced, reading
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, CellsPerMillilitre, Millilitres, Percent


@dataclass(frozen=True, slots=True)
class Mixture:
    """What is added to washed cells, and what that makes."""

    final: Millilitres
    diluent: Millilitres
    cryoprotectant: Millilitres


@dataclass(frozen=True, slots=True)
class Weights:
    """One bag on the balance (g): empty, with the washed cells, with the diluent, with the cryoprotectant."""

    empty: Traced
    washed: Traced
    diluted: Traced
    formulated: Traced


@dataclass(frozen=True, slots=True)
class Liquids:
    """Densities of the three liquids (g/mL), and DMSO in the stock as a share of its volume."""

    washed: Traced
    diluent: Traced
    cryoprotectant: Traced
    stock: Traced


@dataclass(frozen=True, slots=True)
class Achieved:
    """What was made, from the weights: volumes (mL), density (g/mL), DMSO (% of the volume), viable cells."""

    washed: Traced
    diluent: Traced
    cryoprotectant: Traced
    volume: Traced
    density: Traced
    dmso: Traced
    concentration: Traced  # viable cells/mL
    cells: Traced  # viable


def final_volume(*, viable: Cells, target: CellsPerMillilitre, least: Millilitres, most: Millilitres) -> Millilitres:
    """Give the volume that brings viable cells to the target, within what the containers need and the bag holds.

    Raises InputError for a target that is none, and for bounds that exclude each other.
    """
    if float(target) <= 0.0 or float(viable) < 0.0:
        raise InputError(f"target is {target:g} cells/mL for {viable:g} viable cells; more than 0 is needed")
    if least > most:
        raise InputError(f"volume of at least {least:g} mL and at most {most:g} mL; the bounds exclude each other")
    return min(max(Millilitres(float(viable) / float(target)), least), most)


def cryoprotectant_for(volume: Millilitres, *, final: Percent, stock: Percent) -> Millilitres:
    """Give the volume of stock to add to a volume without DMSO, C1 V1 = C2 (V1 + V2) (mL).

    Raises InputError unless the stock is stronger than what is to be made.
    """
    if not 0.0 <= float(final) < float(stock) <= 100.0:
        raise InputError(f"{final:g} % DMSO can't be made from a stock of {stock:g} %; the stock has to be stronger")
    return volume * (float(final) / (float(stock) - float(final)))


def mixture(washed: Millilitres, final: Millilitres, *, dmso: Percent, stock: Percent) -> Mixture:
    """Give what is added to washed cells for a final volume with this DMSO; raises InputError when it does not fit.

    The message says what could be done: the smallest volume that these cells can be brought to.
    """
    share = float(dmso) / float(stock) if float(stock) else 1.0
    if not 0.0 <= share < 1.0:
        raise InputError(f"{dmso:g} % DMSO can't be made from a stock of {stock:g} %; the stock has to be stronger")
    cryoprotectant = final * share
    diluent = final - washed - cryoprotectant
    if float(diluent) < 0.0:
        smallest = float(washed) / (1.0 - share)
        raise InputError(
            f"{washed:.4g} mL of washed cells with {dmso:g} % DMSO from a stock of {stock:g} % make at least "
            f"{smallest:.4g} mL, above the {final:.4g} mL wanted: concentrate the cells further, take a stronger "
            "stock, or approve a lower concentration"
        )
    return Mixture(final, diluent, cryoprotectant)


def achieved(weights: Weights, liquids: Liquids, concentration: Traced) -> Achieved:
    """Give what was made by the weights of the bag; ``concentration`` is that of the washed viable cells (cells/mL)."""
    washed = (weights.washed - weights.empty) / liquids.washed
    diluent = (weights.diluted - weights.washed) / liquids.diluent
    cryoprotectant = (weights.formulated - weights.diluted) / liquids.cryoprotectant
    volume = washed + diluent + cryoprotectant
    cells = concentration * washed
    return Achieved(
        washed=washed,
        diluent=diluent,
        cryoprotectant=cryoprotectant,
        volume=volume,
        density=(weights.formulated - weights.empty) / volume,
        dmso=cryoprotectant * liquids.stock * reading("percent", 100.0) / volume,
        concentration=cells / volume,
        cells=cells,
    )
