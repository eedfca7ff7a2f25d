"""What a plate says of one sample: its result, or why it says nothing. Pure; the same readings always say the same.

A run that does not meet a criterion of its layout is *not evaluable*, never a number. What lies below the limit of
quantitation is below it, never 0; what lies above the highest standard is not evaluable. Only wells of standard, blank
and of the sample itself are looked at.
Units:  signals as the reader gives them; doses and results in the unit of the layout.
Source: USP <1032> 4.7 (suitability), <1034> 3 (relative potency); ICH M10 4 (ligand binding assays).
"""

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from automation.formulas.limits import decimal, rounded
from automation.gmp.bodies.plates import NOT_EVALUABLE, Answer, Layout
from automation.kernel.errors import InputError

if TYPE_CHECKING:
    from automation.formulas.dose_response import Curve, Point

Signals = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a plate came to, the figures behind it, and what was not met."""

    value: str  # a number, ``<12.5``, or that it is not evaluable
    figures: tuple[str, ...]
    failures: tuple[str, ...]


def signals(items: Iterable[str]) -> dict[str, Decimal]:
    """Read ``A1=0.123``; raises InputError for what is none, and for a well that stands twice."""
    found: dict[str, Decimal] = {}
    for item in items:
        well, sign, text = (part.strip() for part in item.partition("="))
        if not sign or well in found:
            raise InputError(f"{item!r} is no signal of a well of its own; each once, such as A1=0.123")
        found[well] = decimal(text, what=f"signal of {well}")
    return found


def belongs(layout: Layout, well: str) -> str:
    """Say what a well holds: standard, blank, sample, or nothing (empty)."""
    for what, levels in (("standard", layout.standards), ("sample", layout.samples)):
        if any(well in level.wells for level in levels):
            return what
    return "blank" if well in layout.blanks else ""


def evaluate(layout: Layout, read: Signals) -> Evaluation:
    """Evaluate the wells of standard, blank and one sample; raises InputError when wells are missing or too many."""
    _check_wells(layout, read)
    blank = statistics.fmean(float(read[well]) for well in layout.blanks)
    own = [
        (level.dose, [float(read[well]) - blank for well in level.wells])
        for level in layout.samples
        if level.wells[0] in read
    ]
    standard = [(level.dose, [float(read[well]) - blank for well in level.wells]) for level in layout.standards]
    figures: list[str] = [f"blank {blank:.4g}"]
    failures = [f"blank {well} is {read[well]}" for well in layout.blanks if float(read[well]) > layout.blank_most]
    try:
        if layout.answer is Answer.CONCENTRATION:
            value = _concentration(layout, standard, own=own, said=figures, failed=failures)
        else:
            value = _relative(layout, standard, own=own, said=figures, failed=failures)
    except InputError as why:
        failures.append(str(why))
        value = ""
    return Evaluation(NOT_EVALUABLE if failures else value, tuple(figures), tuple(failures))


_Levels = Sequence[tuple[float, Sequence[float]]]


def _check_wells(layout: Layout, read: Signals) -> None:
    held = (*(well for level in layout.standards for well in level.wells), *layout.blanks)
    missing = [well for well in held if well not in read]
    strange = [well for well in read if not belongs(layout, well)]
    if missing or strange:
        wrong = f"{', '.join(missing)} missing" if missing else f"{', '.join(strange)} not part of it"
        raise InputError(f"these are not the wells of the layout: {wrong}")
    for level in layout.samples:
        there = [well for well in level.wells if well in read]
        if there and len(there) < len(level.wells):
            raise InputError(
                f"of the wells {', '.join(level.wells)}, which hold the same, only {', '.join(there)} came"
            )
    if all(belongs(layout, well) != "sample" for well in read):
        raise InputError("there is no well of the sample")


def _concentration(layout: Layout, standard: _Levels, *, own: _Levels, said: list[str], failed: list[str]) -> str:
    from automation.formulas.dose_response import fit  # noqa: PLC0415  numpy only where a plate is evaluated

    curve = fit(_points(standard))
    _quality(layout, curve.r_squared, [one for one in standard if one[0] >= layout.loq], said=said, failed=failed)
    failed += _read_back(layout, curve, standard)
    top = max(dose for dose, _ in standard)
    found: list[float] = []
    above = 0
    for dilution, values in own:
        place = _place(curve, statistics.fmean(values), low=layout.loq, high=top)
        if isinstance(place, float):
            failed += _scatter(f"1 in {dilution:g} of the sample", values, layout.cv)
            found.append(place * dilution)
            said.append(f"1 in {dilution:g}: {place * dilution:.4g} {layout.unit}")
        above += place == "above"
    if not found and above:
        raise InputError(f"the sample is above the highest standard ({top:g} {layout.unit}): dilute it further")
    if not found:
        return f"<{_above(layout, layout.loq * min(dilution for dilution, _ in own))}"
    if len(found) > 1:
        failed += _scatter("dilutions of the sample", found, layout.dilutions_cv)
    return _shown(layout, statistics.fmean(found))


def _relative(layout: Layout, standard: _Levels, *, own: _Levels, said: list[str], failed: list[str]) -> str:
    from automation.formulas.dose_response import relative_potency  # noqa: PLC0415  as above

    found = relative_potency(_points(standard), _points(own))
    _quality(layout, found.r_squared, (*standard, *own), said=said, failed=failed)
    for name, one in (("slopes", found.slopes), ("ranges", found.ranges)):
        said.append(f"ratio of {name} {one.value:.3f} ({one.low:.3f} to {one.high:.3f}, 90 %)")
    potency = found.potency
    said.append(f"p {found.parallel_p:.3f} that curves of their own fit so much better by chance")
    if not found.is_parallel(low=layout.ratio_low, high=layout.ratio_high):
        failed.append(f"the curves are not shown parallel within {layout.ratio_low:g} to {layout.ratio_high:g}")
    if potency.high / potency.low > layout.width:
        failed.append(f"the interval of potency is wider than {layout.width:g}")
    if not failed:
        said.append(f"potency {100 * potency.value:.1f} % ({100 * potency.low:.1f} to {100 * potency.high:.1f}, 95 %)")
    return _shown(layout, 100.0 * potency.value)


def _quality(layout: Layout, r_squared: float, levels: _Levels, *, said: list[str], failed: list[str]) -> None:
    said.append(f"R2 {r_squared:.4f}")
    if r_squared < layout.r_squared:
        failed.append(f"R2 is {r_squared:.4f}, at least {layout.r_squared:g} is needed")
    for dose, values in levels:
        if dose > 0.0:
            failed += _scatter(f"{dose:g}", values, layout.cv)


def _scatter(what: str, values: Sequence[float], most: float) -> Iterator[str]:
    middle = statistics.fmean(values)
    share = 100.0 * statistics.stdev(values) / abs(middle) if middle else float("inf")
    if share > most:
        yield f"CV at {what} is {share:.1f} %, at most {most:g} % is allowed"


def _read_back(layout: Layout, curve: "Curve", standard: _Levels) -> Iterator[str]:
    for dose, values in standard:
        if dose < layout.loq:
            continue
        read = curve.dose(statistics.fmean(values))
        if read is None or abs(100.0 * read / dose - 100.0) > layout.recovery:
            told = "nothing" if read is None else f"{100.0 * read / dose:.1f} %"
            yield f"standard {dose:g} is read back as {told} of it, 100 +/- {layout.recovery:g} % is needed"


def _place(curve: "Curve", signal: float, *, low: float, high: float) -> float | str:
    """Give the dose of a signal, or on which side of the range of standards it lies."""
    rising = 1.0 if curve.far > curve.zero else -1.0
    if rising * (signal - curve.response(low)) < 0.0:
        return "below"
    if rising * (signal - curve.response(high)) > 0.0:
        return "above"
    dose = curve.dose(signal)
    return low if dose is None else dose  # within the range the curve has one


def _points(levels: _Levels) -> "list[Point]":
    from automation.formulas.dose_response import Point  # noqa: PLC0415  as above

    return [Point(dose, value) for dose, values in levels for value in values]


def _shown(layout: Layout, value: float) -> str:
    return str(rounded(decimal(value), layout.decimals))


def _above(layout: Layout, value: float) -> str:
    """Give a bound with the decimals of the result; it is never rounded to below what is known."""
    exact = decimal(value)
    shown = rounded(exact, layout.decimals)
    return str(shown if shown >= exact else shown + Decimal((0, (1,), -layout.decimals)))
