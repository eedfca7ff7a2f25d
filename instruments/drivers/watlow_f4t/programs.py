"""Freezing programs as steps of a profile, and back: the same program in is the same program out.

A hold at another temperature than before it is one *instant change* with its time, a hold at the same a *soak*; a step
without time is an instant change of no time. Units: degC, K/min, whole s.
"""

from dataclasses import dataclass

from automation.kernel.errors import FailedError, RefusedError
from automation.kernel.quantity import Celsius, KelvinPerMinute, Seconds
from instruments.drivers.watlow_f4t.wire import MOST_STEPS, Kind
from instruments.interfaces.freezer import Program, Segment, SegmentType

LONGEST = 99 * 3600 + 59 * 60 + 59  # s of one step
EXACT = 4  # decimals to which floats of 32 bits are read


@dataclass(frozen=True, slots=True)
class Step:
    """One step; fields that its type does not use are 0."""

    kind: Kind
    target: float = 0.0  # degC
    rate: float = 0.0  # K/min, > 0
    seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The set points that the loop takes, as read from it (degC)."""

    low: float
    high: float


def to_steps(program: Program, limits: Limits) -> tuple[Step, ...]:
    """Give the steps of a profile, its end included; raises RefusedError for what it can't hold or would change."""
    steps: list[Step] = []
    before: float | None = None
    for number, segment in enumerate(program.segments, 1):
        where = f"program {program.name!r}, segment {number}"
        steps.append(_step(segment, before, where))
        before = float(segment.target)
        if not limits.low <= before <= limits.high:
            msg = f"{where}: target is {before:g} degC; the controller allows {limits.low:g} to {limits.high:g} degC"
            raise RefusedError(msg)
    steps.append(Step(Kind.END))
    if not 1 < len(steps) <= MOST_STEPS:
        raise RefusedError(
            f"program {program.name!r} needs {len(steps)} steps, its end included; 2 to {MOST_STEPS} fit"
        )
    return tuple(steps)


def _step(segment: Segment, before: float | None, where: str) -> Step:
    target = float(segment.target)
    if segment.type is SegmentType.RAMP:
        rate = float(segment.rate or 0.0)
        if not rate > 0.0 or round(rate, EXACT) != rate:
            raise RefusedError(f"{where}: rate is {segment.rate}; one above 0 K/min with {EXACT} decimals is needed")
        return Step(Kind.RAMP_RATE, target, rate=rate)
    if segment.type is SegmentType.STEP:
        return Step(Kind.INSTANT, target)
    dwell = float(segment.dwell or 0.0)
    if not 1.0 <= dwell <= LONGEST or dwell != int(dwell):
        raise RefusedError(f"{where}: dwell is {segment.dwell}; whole seconds, 1 to {LONGEST}, are needed")
    return Step(Kind.SOAK, seconds=int(dwell)) if before == target else Step(Kind.INSTANT, target, seconds=int(dwell))


def from_steps(name: str, steps: tuple[Step, ...]) -> Program:
    """Give the program that the steps (without the end) stand for; raises FailedError for what none of ours has."""
    segments: list[Segment] = []
    for number, step in enumerate(steps, 1):
        if step.kind is Kind.RAMP_RATE:
            rate = KelvinPerMinute(step.rate)
            segments.append(Segment(SegmentType.RAMP, Celsius(step.target), rate=rate))
        elif step.kind is Kind.INSTANT and not step.seconds:
            segments.append(Segment(SegmentType.STEP, Celsius(step.target)))
        elif step.kind is Kind.INSTANT or (step.kind is Kind.SOAK and segments):
            target = Celsius(step.target) if step.kind is Kind.INSTANT else segments[-1].target
            segments.append(Segment(SegmentType.HOLD, target, dwell=Seconds(step.seconds)))
        else:
            called = step.kind.name.lower().replace("_", " ")
            raise FailedError(f"step {number} of the stored profile is a {called}; freezing programs have none there")
    return Program(name, tuple(segments))
