"""The layout of a 96-well plate and what makes a run valid: part of a specification, signed and approved with it.

There are no defaults: what an assay may scatter is known to whoever has validated it.
Units:  doses share the unit of the standard; %.
Source: USP <1032> (system and sample suitability, similarity stated before) and <1034>; ICH M10 4 (ligand binding
        assays: standards, replicates, recovery of standards, dilution).
"""

import re
from enum import StrEnum

from automation.gmp.words import Body, field
from automation.kernel.errors import InputError

WELL = re.compile(r"[A-H](?:[1-9]|1[0-2])")
PERCENT = "%"
NOT_EVALUABLE = "not evaluable"
_REPLICATES, _LEVELS = 2, 5


class Answer(StrEnum):
    """What is asked of a plate."""

    CONCENTRATION = "concentration"  # read back from the curve of the standard, times the dilution
    RELATIVE = "relative potency"  # the shift between parallel curves


class Level(Body):
    """Wells that hold the same: a dose of the standard, a dose or dilution of samples."""

    dose: float = field(label="Dose", help="Of samples of a concentration: their dilution, 10 for 1 in 10", low=0.0)
    wells: tuple[str, ...] = field(label="Wells", help="For example A1; at least two", length=_REPLICATES)


class Layout(Body):
    """Where what is on the plate, and between which bounds a run counts."""

    answer: Answer = field(label="What is asked", help="concentration or relative potency")
    unit: str = field(label="Unit", help="Of standards and result; % for a relative potency", length=1)
    decimals: int = field(label="Decimals of the result", low=0, high=6)
    standards: tuple[Level, ...] = field(label="Standards", length=_LEVELS)
    samples: tuple[Level, ...] = field(label="Samples", help="Wells of all samples that fit on a plate", length=1)
    blanks: tuple[str, ...] = field(label="Blanks", help="Their mean is taken off every signal", length=_REPLICATES)
    blank_most: float = field(label="Highest signal of a blank")
    r_squared: float = field(label="Least R2 of the curve", low=0.0, high=1.0)
    cv: float = field(label="Highest CV of replicates", unit="%", low=0.0)
    recovery: float = field(label="Standards are read back within +/-", unit="%", low=0.0, default=0.0)
    loq: float = field(label="Limit of quantitation", help="On the curve, before the dilution", low=0.0, default=0.0)
    dilutions_cv: float = field(label="Highest CV among dilutions", unit="%", low=0.0, default=0.0)
    ratio_low: float = field(label="Parallel from", help="Least ratio of slopes and of ranges", low=0.0, default=0.0)
    ratio_high: float = field(label="Parallel to", help="Highest ratio", low=0.0, default=0.0)
    width: float = field(label="Widest interval", help="Upper over lower 95 % limit of potency", low=0.0, default=0.0)


def check_layout(one: Layout, *, where: str) -> None:
    """Refuse a layout that judges nothing; raises InputError that names ``where``."""
    wells = [well for level in (*one.standards, *one.samples) for well in level.wells] + list(one.blanks)
    wrong = next((well for well in wells if not WELL.fullmatch(well)), "")
    if wrong:
        raise InputError(f"{wrong!r} is no well of 96: A1 to H12", where=where)
    double = next((well for well in wells if wells.count(well) > 1), "")
    if double:
        raise InputError(f"well {double} holds two things", where=where)
    doses = [level.dose for level in one.standards]
    if len(set(doses)) < len(doses):
        raise InputError("a dose of the standard stands twice; name all its wells together", where=where)
    if one.answer is Answer.CONCENTRATION:
        _check_concentration(one, where=where)
    else:
        _check_relative(one, where=where)


def _check_concentration(one: Layout, *, where: str) -> None:
    doses = [level.dose for level in one.standards]
    if one.loq not in doses or not 0.0 < one.loq < max(doses):
        raise InputError(f"the limit of quantitation is {one.loq:g}: a standard above 0, not the highest", where=where)
    if any(level.dose < 1.0 for level in one.samples):
        raise InputError("a dilution is at least 1", where=where)
    if not (one.recovery and one.dilutions_cv):
        raise InputError("how well standards are read back and dilutions agree has to be stated", where=where)


def _check_relative(one: Layout, *, where: str) -> None:
    if one.unit != PERCENT:
        raise InputError(f"a relative potency is in {PERCENT}, not {one.unit!r}", where=where)
    if not 0.0 < one.ratio_low < 1.0 < one.ratio_high or one.width <= 1.0:
        raise InputError("margins of parallelism around 1 and the widest interval have to be stated", where=where)
