"""Acceptance of a controlled-rate freezing run from its sample curve: PASS, FAIL or NOT EVALUABLE, with reasons.

Every limit is a signed, versioned parameter of the user; none is built in. A curve whose probe was not in the
product, or that has gaps, is not evaluable and never a pass.
Units: s, degC, K, K/min (cooling positive). Results are rounded half-up to the decimals of their limit, then compared.
Source: design rule for run acceptance (nucleation window, plateau within 1 K of the post-nucleation maximum,
mean rate over -10..-40 degC, end temperature, no sensor fault); rounding as in ``automation.formulas.limits``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from automation.formulas import curves, limits
from automation.formulas.curves import Good, Nucleation, Plateau, Point
from automation.formulas.limits import Limit, Operator
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Kelvin, KelvinPerMinute, Seconds


class Verdict(StrEnum):
    """What a run, or one criterion of it, comes to."""

    PASS = "pass"  # noqa: S105  a verdict
    FAIL = "fail"
    NOT_EVALUABLE = "not evaluable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What a run has to meet; all are the user's."""

    nucleation_highest: Celsius = field(metadata={"range": (-20.0, 0.0), "label": "Nucleation at most"})
    nucleation_lowest: Celsius = field(metadata={"range": (-40.0, 0.0), "label": "Nucleation at least"})
    rise: Kelvin = field(metadata={"range": (0.5, 15.0), "label": "Smallest rise that is nucleation"})
    rise_within: Seconds = field(metadata={"range": (1.0, 600.0), "label": "Time in which the rise has to come"})
    plateau_band: Kelvin = field(metadata={"range": (0.1, 5.0), "label": "Plateau: within this of the maximum"})
    plateau_longest: Seconds = field(metadata={"range": (1.0, 7200.0), "label": "Longest plateau"})
    rate_from: Celsius = field(metadata={"range": (-60.0, 0.0), "label": "Cooling rate from"})
    rate_to: Celsius = field(metadata={"range": (-120.0, 0.0), "label": "Cooling rate to"})
    slowest: KelvinPerMinute = field(metadata={"range": (0.0, 50.0), "label": "Slowest mean cooling"})
    fastest: KelvinPerMinute = field(metadata={"range": (0.0, 50.0), "label": "Fastest mean cooling"})
    end_highest: Celsius = field(metadata={"range": (-196.0, 0.0), "label": "End temperature at most"})
    faults_allowed: int = field(metadata={"range": (0, 1000), "label": "Sensor faults allowed"})
    gap_longest: Seconds = field(metadata={"range": (1.0, 3600.0), "label": "Longest time without a reading"})
    lag_least: Kelvin = field(metadata={"range": (0.0, 20.0), "label": "A probe in the product lags by at least"})
    lag_within: Seconds = field(metadata={"range": (10.0, 3600.0), "label": "Time over which the lag is averaged"})
    jump: Kelvin = field(metadata={"range": (1.0, 100.0), "label": "A fall that no product makes"})
    jump_within: Seconds = field(metadata={"range": (1.0, 600.0), "label": "Time in which that fall is looked for"})

    def __post_init__(self) -> None:
        """Refuse limits that nothing can meet."""
        pairs = (
            ("nucleation_lowest", float(self.nucleation_lowest), "nucleation_highest", float(self.nucleation_highest)),
            ("rate_to", float(self.rate_to), "rate_from", float(self.rate_from)),
            ("slowest", float(self.slowest), "fastest", float(self.fastest)),
        )
        for low, lower, high, upper in pairs:
            if lower >= upper:
                raise InputError(f"{low} ({lower:g}) has to be below {high} ({upper:g})")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion as judged: the value found (as reported), the limit in words and a sentence for the record."""

    name: str
    verdict: Verdict
    value: float | None
    unit: str
    limit: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FreezeJudgement:
    """The verdict on a run, its criteria, and what was found on the curve."""

    verdict: Verdict
    criteria: tuple[Criterion, ...]
    nucleation: Nucleation | None = None
    plateau: Plateau | None = None
    rate: KelvinPerMinute | None = None
    end: Celsius | None = None

    @property
    def exceptions(self) -> tuple[Criterion, ...]:
        """Give the criteria that were not met or could not be judged."""
        return tuple(one for one in self.criteria if one.verdict is not Verdict.PASS)


def judge(curve: Sequence[Point], criteria: Criteria, *, ended: Seconds | None = None) -> FreezeJudgement:
    """Judge a run up to ``ended`` (s on the curve; else to its last point); raises InputError when time runs back."""
    part = [point for point in curve if ended is None or point.at <= ended]
    points = curves.good_points(part)
    if not points:
        empty = _open("readings", "the curve has no reading of the sample")
        return FreezeJudgement(Verdict.NOT_EVALUABLE, (empty,))
    begun = curves.nucleation(points, rise=criteria.rise, within=criteria.rise_within)
    flat = curves.plateau(points, begun, band=criteria.plateau_band) if begun else None
    after = flat.index - 1 if flat else 0
    rate = curves.mean_rate(points, high=criteria.rate_from, low=criteria.rate_to, start=after)
    found = FreezeJudgement(Verdict.PASS, (), begun, flat, rate, points[-1].sample)
    probe = _probe(part, points, found, criteria)
    rest = (*_readings(part, criteria), *_nucleation(found, criteria), _plateau(found, criteria))
    judged = (probe, *rest, *_rate(found, criteria), _end(points[-1], part[-1].at, criteria))
    return FreezeJudgement(_verdict(probe, judged), judged, begun, flat, rate, points[-1].sample)


def _verdict(probe: Criterion, judged: Sequence[Criterion]) -> Verdict:
    """Doubt about the probe is doubt about every number; else what surely failed has failed."""
    verdicts = {one.verdict for one in judged}
    if probe.verdict is Verdict.NOT_EVALUABLE:
        return Verdict.NOT_EVALUABLE
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    return Verdict.NOT_EVALUABLE if Verdict.NOT_EVALUABLE in verdicts else Verdict.PASS


def _probe(curve: Sequence[Point], points: Sequence[Good], found: FreezeJudgement, criteria: Criteria) -> Criterion:
    """Tell whether the probe was in the product all the time."""
    name = "probe in product"
    limit = f"lag at least {criteria.lag_least:g} K, no fall of {criteria.jump:g} K in {criteria.jump_within:g} s"
    fall, when = curves.steepest_fall(points, within=criteria.jump_within)
    if fall > criteria.jump:
        sentence = f"the sample fell by {fall:.1f} K within {criteria.jump_within:g} s at {_minutes(when)}: probe out"
        return Criterion(name, Verdict.NOT_EVALUABLE, round(float(fall), 1), "K", limit, sentence)
    seen = _lag(curve, points, found, criteria)
    if seen is None and found.nucleation is None:
        return Criterion(
            name, Verdict.NOT_EVALUABLE, None, "K", limit, "no plateau and no chamber curve to compare with"
        )
    if seen is None:
        sentence = "plateau seen and no sudden fall; no chamber curve to compare with"
        return Criterion(name, Verdict.PASS, None, "K", limit, sentence)
    least, when = seen
    ok = Verdict.PASS if least >= criteria.lag_least else Verdict.NOT_EVALUABLE
    sentence = f"the sample lags behind the cooling chamber by {least:.1f} K or more"
    if ok is not Verdict.PASS:
        sentence = (
            f"from {_minutes(when)} the sample follows the chamber ({least:.1f} K apart): probe out of the product"
        )
    return Criterion(name, ok, round(float(least), 1), "K", limit, sentence)


def _lag(
    curve: Sequence[Point], points: Sequence[Good], found: FreezeJudgement, criteria: Criteria
) -> tuple[Kelvin, Seconds] | None:
    """Give the smallest lag after the plateau; without one the median below 0 degC, as a cold spike may cross it."""
    cold = curves.crossing(points, curves.ICE) or points[0].at
    after = found.plateau.end if found.plateau else cold
    seen = sorted(curves.lags(curve, after=after, window=criteria.lag_within, cooling=criteria.slowest))
    if not seen:
        return None
    return seen[0] if found.plateau else seen[len(seen) // 2]


def _readings(curve: Sequence[Point], criteria: Criteria) -> tuple[Criterion, Criterion]:
    faults = sum(point.sample is None for point in curve)
    allowed = f"at most {criteria.faults_allowed} faulty readings"
    ok = Verdict.PASS if faults <= criteria.faults_allowed else Verdict.NOT_EVALUABLE
    sensor = Criterion(
        "sensor", ok, faults, "", allowed, f"the sensor reported a fault in {faults} of {len(curve)} readings"
    )
    gap = curves.longest_gap(curve)
    most = f"at most {criteria.gap_longest:g} s without a reading"
    ok = Verdict.PASS if gap <= criteria.gap_longest else Verdict.NOT_EVALUABLE
    return sensor, Criterion("gaps", ok, round(float(gap), 1), "s", most, f"longest time without a reading {gap:.0f} s")


def _nucleation(found: FreezeJudgement, criteria: Criteria) -> tuple[Criterion, ...]:
    if found.nucleation is None:
        limit = f"a rise of {criteria.rise:g} K within {criteria.rise_within:g} s"
        return (Criterion("nucleation", Verdict.FAIL, None, "degC", limit, "no nucleation was found on the curve"),)
    bounds = (
        Limit(Operator.AT_LEAST, limits.decimal(float(criteria.nucleation_lowest)), "degC"),
        Limit(Operator.AT_MOST, limits.decimal(float(criteria.nucleation_highest)), "degC"),
    )
    when = _minutes(found.nucleation.at)
    return (_judged("nucleation", float(found.nucleation.temperature), bounds, what=f"nucleation at {when}"),)


def _plateau(found: FreezeJudgement, criteria: Criteria) -> Criterion:
    if found.plateau is None:
        return _open("plateau", "without nucleation there is no plateau to measure")
    bound = Limit(Operator.AT_MOST, limits.decimal(float(criteria.plateau_longest)), "s")
    what = f"plateau within {criteria.plateau_band:g} K of {found.plateau.maximum:.1f} degC"
    return _judged("plateau", float(found.plateau.duration), (bound,), what=what)


def _rate(found: FreezeJudgement, criteria: Criteria) -> tuple[Criterion, ...]:
    window = f"{criteria.rate_from:g} to {criteria.rate_to:g} degC"
    if found.rate is None:
        return (_open("cooling rate", f"the sample did not cool through {window}"),)
    bounds = (
        Limit(Operator.AT_LEAST, limits.decimal(float(criteria.slowest)), "K/min"),
        Limit(Operator.AT_MOST, limits.decimal(float(criteria.fastest)), "K/min"),
    )
    return (_judged("cooling rate", float(found.rate), bounds, what=f"mean cooling from {window}"),)


def _end(last: Good, over: Seconds, criteria: Criteria) -> Criterion:
    if over - last.at > criteria.gap_longest:
        return _open("end temperature", f"the last reading of the sample is {over - last.at:.0f} s before the end")
    bound = Limit(Operator.AT_MOST, limits.decimal(float(criteria.end_highest)), "degC")
    return _judged("end temperature", float(last.sample), (bound,), what=f"sample at the end, {_minutes(last.at)}")


def _judged(name: str, value: float, bounds: tuple[Limit, ...], *, what: str) -> Criterion:
    judged = limits.judge(value, bounds[0].unit, limits.Limits(reject=bounds), what=what)
    verdict = Verdict.PASS if judged.band is limits.Band.WITHIN else Verdict.FAIL
    shown = float(judged.reported) if judged.reported is not None else None
    limit = " and ".join(str(bound) for bound in bounds)
    return Criterion(name, verdict, shown, bounds[0].unit, limit, judged.sentence)


def _open(name: str, sentence: str) -> Criterion:
    return Criterion(name, Verdict.NOT_EVALUABLE, None, "", "", sentence)


def _minutes(at: Seconds) -> str:
    return f"{float(at) / 60.0:.1f} min"
