"""Freezing programs as the controller's segments, and back: the same program in is the same program out.

A hold at another temperature than the segment before it becomes a step and a dwell, because a dwell keeps the
set point that it finds. Rates in K/min, times in whole ms, as the registers keep them.
"""

from dataclasses import dataclass

from automation.kernel.errors import FailedError, RefusedError
from automation.kernel.quantity import Celsius, KelvinPerMinute, Seconds
from instruments.drivers.eurotherm.wire.registers import BLOCKS, Type
from instruments.interfaces.freezer import Program, Segment, SegmentType


@dataclass(frozen=True, slots=True)
class Block:
    """One segment of the controller; fields that its type does not use are 0."""

    type: Type
    target: float = 0.0  # degC
    rate: float = 0.0  # K/min, > 0
    duration: int = 0  # ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the controller takes, as read from it: segments of a program and set points (degC)."""

    segments: int
    low: float
    high: float


def to_blocks(program: Program, limits: Limits) -> tuple[Block, ...]:
    """Give the controller's segments, an end included; raises RefusedError for what it can't hold or would change."""
    blocks: list[Block] = []
    before: Segment | None = None
    for number, segment in enumerate(program.segments, 1):
        where = f"program {program.name!r}, segment {number}"
        _check(segment, before, limits, where)
        target = float(segment.target)
        if segment.type is SegmentType.RAMP:
            blocks.append(Block(Type.RAMP_RATE, target, rate=float(segment.rate or 0)))
        else:
            if segment.type is SegmentType.STEP or before is None or float(before.target) != target:
                blocks.append(Block(Type.STEP, target))
            if segment.type is SegmentType.HOLD:
                blocks.append(Block(Type.DWELL, duration=round(float(segment.dwell or 0) * 1000)))
        before = segment
    blocks.append(Block(Type.END))
    most = min(limits.segments, BLOCKS - 1)
    if len(blocks) > most:
        msg = f"program {program.name!r} needs {len(blocks)} segments, its end included; the controller holds {most}"
        raise RefusedError(msg)
    return tuple(blocks)


def _check(segment: Segment, before: Segment | None, limits: Limits, where: str) -> None:
    target = float(segment.target)
    if not limits.low <= target <= limits.high:
        msg = f"{where}: target is {target:g} degC; the controller allows {limits.low:g} to {limits.high:g} degC"
        raise RefusedError(msg)
    if segment.type is SegmentType.RAMP and not (segment.rate is not None and float(segment.rate) > 0):
        msg = f"{where}: rate is {segment.rate}; a ramp needs one above 0 K/min, the target gives the direction"
        raise RefusedError(msg)
    if segment.type is SegmentType.HOLD:
        if not (segment.dwell is not None and float(segment.dwell) >= 0.001):
            msg = f"{where}: dwell is {segment.dwell}; a hold needs one of 0.001 s or more"
            raise RefusedError(msg)
        if before is not None and before.type is SegmentType.STEP and float(before.target) == target:
            msg = f"{where}: the step before it is not needed, a hold goes to its target by itself"
            raise RefusedError(msg)


def from_blocks(name: str, blocks: tuple[Block, ...]) -> Program:
    """Give the program that the controller's segments (without the end) stand for.

    Raises FailedError for a segment that no program of ours has.
    """
    segments: list[Segment] = []
    for number, block in enumerate(blocks, 1):
        target = Celsius(block.target)
        if block.type is Type.RAMP_RATE:
            segments.append(Segment(SegmentType.RAMP, target, rate=KelvinPerMinute(block.rate)))
        elif block.type is Type.STEP:
            segments.append(Segment(SegmentType.STEP, target))
        elif block.type is Type.DWELL and segments:
            stepped = segments[-1].type is SegmentType.STEP
            target = (segments.pop() if stepped else segments[-1]).target
            segments.append(Segment(SegmentType.HOLD, target, dwell=Seconds(block.duration / 1000)))
        else:
            msg = f"segment {number} of the stored program is a {block.type.name.lower()}; freezing programs have none"
            raise FailedError(msg)
    return Program(name, tuple(segments))
