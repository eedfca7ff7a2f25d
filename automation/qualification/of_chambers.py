"""Checks of controlled-rate freezers: a program run in the empty chamber, and alarms that are provoked.

Units:  s, degC, K/min.
Source: EU GMP Annex 15, 3.11 (operating ranges, alarms); the tolerances are those of the protocol.
"""

import shlex
from collections.abc import Mapping
from typing import Final, Protocol, cast

import msgspec

from automation.engine.hand import Hand
from automation.engine.watch import When
from automation.formulas.chambers import Leg, Look, Tolerance, followed
from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Instant, Seconds
from automation.qualification.asking import Asked, Check, Found, duration, number
from automation.qualification.of_devices import value_of

LONGEST = Seconds(8 * 3600.0)  # s; of a program
COMPLETE, BROKEN_OFF = "complete", ("reset", "hold")
_TOLERANCES = ("rate_within", "rate_share", "hold_within", "settle_s")
_PAUSE = Seconds(60.0)  # s between a provocation and the look at the alarms
_WORDS: Mapping[str, object] = {"true": True, "false": False}


class _Segment(Protocol):
    """A segment of a program, as the interface has it."""

    type: str
    target: float
    rate: float | None
    dwell: float | None


class _Program(Protocol):
    """A program, as the interface has it."""

    name: str
    segments: tuple[_Segment, ...]


class _Run(Protocol):
    """One look at a run, as the interface has it."""

    state: str
    chamber: float | None
    alarms: tuple[str, ...]


async def ramp_and_hold(asked: Asked) -> Found:
    """Run a program in the empty chamber, watch it to its end, and judge rates and holds by what was recorded."""
    hand, told = asked.hand(), asked.told
    every = duration(told, "every")
    within = Tolerance(*(number(told, name) for name in _TOLERANCES))
    program = cast("_Program", value_of(asked, told["program"], method="load", argument="program"))
    await hand.method("load")(program=program)
    await hand.method("start")(containers=())
    began = await hand.watch.moment()
    await _to_the_end(hand, every=every, began=began)
    hand.trends.seal()
    looks = _looks(hand, began)
    legs = [Leg(float(one.target), float(one.rate or 0.0), float(one.dwell or 0.0)) for one in program.segments]
    files = {"curve.csv": _csv(looks), "program.json": msgspec.json.encode(program)}
    try:
        judged = followed(looks, legs, within=within)
    except InputError as wrong:  # nobody watched for a while, or the chamber never came so far
        return Found(f"what was watched can't be judged: {wrong}", met=False, files=files)
    return Found("; ".join(one.sentence for one in judged), all(one.met for one in judged), files)


async def _to_the_end(hand: Hand, *, every: Seconds, began: Instant) -> None:
    """Watch until the device says that its program is complete; raises FailedError when it ends otherwise."""
    run = hand.method("run")
    seen = await hand.watch.first(
        every=every,
        deadline=began + LONGEST,
        complete=When(run, lambda one: cast("_Run", one).state == COMPLETE),
        broken=When(run, lambda one: cast("_Run", one).state in BROKEN_OFF),
    )
    await hand.method("reset")()  # the chamber is empty; it goes back to its stand-by temperature
    if seen.name != COMPLETE:
        raise FailedError(f"the program did not come to its end: {seen.name}")


async def provoked(asked: Asked) -> Found:
    """Let a hand at the simulated plant provoke an alarm, look whether the device tells it, and take it back."""
    plant, told = asked.site.plant, asked.told
    if plant is None:
        raise InputError("nothing can be provoked here: the site has no simulated plant; a person does it")
    hand, asset = asked.hand(), asked.qualification.asset
    before = cast("_Run", await hand.method(told["reads"])())
    plant.hand(asset, told["hand"], **_details(told["with"]))
    await hand.watch.pause(_PAUSE)
    during = cast("_Run", await hand.method(told["reads"])())
    plant.hand(asset, told["hand"], **_details(told["back"]))
    await hand.watch.pause(_PAUSE)
    after = cast("_Run", await hand.method(told["reads"])())
    alarms = {"before": before.alarms, "during": during.alarms, "after": after.alarms}
    said = "; ".join(f"{when}: {', '.join(found) or 'none'}" for when, found in alarms.items())
    new = [one for one in during.alarms if told["says"] in one and one not in before.alarms]
    return Found(f"alarms {said}", met=bool(new) and not set(new) & set(after.alarms))


def _details(text: str) -> dict[str, object]:
    """Read ``open=true channel=101``."""
    pairs = [word.partition("=") for word in shlex.split(text)]
    return {name: _WORDS.get(value, value) for name, _, value in pairs}


def _looks(hand: Hand, began: Instant) -> list[Look]:
    """Give what was sampled of the run; raises FailedError for a device that gives no set point."""
    run = hand.method("run")
    wanted, seen = hand.watch.curve(run, "setpoint"), hand.watch.curve(run, "chamber")
    values = zip(wanted.times, wanted.values, seen.values, strict=True)
    looks = [Look(float(at - began), sp, pv) for at, sp, pv in values if sp is not None and pv is not None]
    if not looks:
        raise FailedError(f"{hand.asset} gives no set point; its ramps and holds can't be told apart")
    return looks


def _csv(looks: list[Look]) -> bytes:
    lines = (f"{one.at:.3f},{one.setpoint:.3f},{one.chamber:.3f}" for one in looks)
    return "\n".join(("seconds,setpoint_degC,chamber_degC", *lines, "")).encode()


CHAMBERS: Final[Mapping[str, Check]] = {
    "ramp and hold": Check(
        "a program run in the empty chamber: the rate of each ramp, the farthest of each hold",
        ramp_and_hold,
        needs=("program", "every", *_TOLERANCES),
        numbers=_TOLERANCES,
        times=("every",),
    ),
    "provoked alarm": Check(
        "an alarm that a hand at the simulated plant provokes",
        provoked,
        needs=("hand", "with", "back", "reads", "says"),
    ),
}
"""The checks of freezers by their names."""
