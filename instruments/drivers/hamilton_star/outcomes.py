"""What an answer of the firmware says of each channel: done, not done, or unknown.

Not done is said only where the code means that the channel stopped before liquid or tip moved; everything else that is
an error is unknown. Source: error codes and trace texts of pylabrobot 0.2.2, STAR_backend.py.
"""

from collections.abc import Iterable, Mapping

from instruments.drivers.hamilton_star.wire import Code
from instruments.interfaces.liquid_handler import Cause, ChannelResult, Outcome

_NOT_READY = frozenset({51, 56, 61, 66})  # traces: a drive is not initialised
_REFUSED = frozenset({30, 31, 32, 33, 34, 35})  # traces of a command that the firmware did not take
_TIPS = ("pick_up", "drop")
_TEXTS = {
    53: "maximum volume in tip reached",
    54: "position outside of permitted area",
    70: "no liquid level found",
    71: "not enough liquid present",
    75: "no tip picked up",
    76: "tip already picked up",
    77: "tip not dropped",
    80: "liquid not correctly aspirated",
    81: "clot detected",
}


def results(what: str, channels: Iterable[int], errors: Mapping[int, Code], *, raw: str) -> tuple[ChannelResult, ...]:
    """Give the result of each channel of an operation (``pick_up``, ``aspirate``, ``dispense``, ``drop``)."""
    return tuple(
        _result(what, channel, errors[channel], raw=raw) if channel in errors else _done(channel, raw)
        for channel in sorted(channels)
    )


def taken(error: Code) -> bool:
    """Tell whether the master took the command at all; one that it did not take moved nothing."""
    code, trace = error
    return not (code == 1 and trace in _REFUSED)


def _done(channel: int, raw: str) -> ChannelResult:
    return ChannelResult(channel, Outcome.DONE, raw=raw)


def _result(what: str, channel: int, error: Code, *, raw: str) -> ChannelResult:
    outcome, cause = _judge(what, error)
    said = _TEXTS.get(error[1], "an error that this driver does not know")
    return ChannelResult(channel, outcome, cause, f"the device says {error[0]:02}/{error[1]:02}: {said}", raw)


def _judge(what: str, error: Code) -> tuple[Outcome, Cause]:
    match what in _TIPS, error:
        case _, (_, trace) if trace in _NOT_READY:
            return Outcome.NOT_DONE, Cause.OTHER
        case True, (7, _) | (_, 76):
            return Outcome.NOT_DONE, Cause.TIP_ALREADY
        case True, (8, _) | (_, 75):
            return Outcome.NOT_DONE, Cause.NO_TIP
        case False, (8, _) | (_, 75):
            return Outcome.UNKNOWN, Cause.TIP_LOST
        case True, (_, 77):
            return Outcome.NOT_DONE, Cause.OTHER
        case _, (27, _):
            return Outcome.NOT_DONE, Cause.POSITION
        case False, (_, 70 | 73):
            return Outcome.NOT_DONE, Cause.NO_LIQUID
        case False, (_, 71 | 87 | 88):
            return Outcome.UNKNOWN, Cause.NO_LIQUID
        case False, (4, _) | (_, 81):
            return Outcome.UNKNOWN, Cause.CLOT
        case False, (17 | 20 | 26, _):
            return Outcome.UNKNOWN, Cause.PRESSURE
        case _:
            return Outcome.UNKNOWN, Cause.OTHER
