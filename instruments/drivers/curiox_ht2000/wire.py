"""Grammar of the Curiox HT2000: ASCII payloads in a binary envelope, answers of fixed lengths.

``FF FF FF FF FF 01``, length, payload, sum of payload and length in two bytes (high first), ``FF``. Of the answers only
lengths and the places of digits are published: what else stands in them is not looked at.
Units:  none; the washer's own steps.
Source: PyLabRobot (main, pylabrobot/curiox/ht2000.py and its tests; its author has not tried it on a device): envelope,
        payloads, lengths, places, errors; 115200 8N1.
"""

import re
from dataclasses import dataclass

from automation.kernel.errors import RefusedError, WireError

PREAMBLE, TRAILER = b"\xff\xff\xff\xff\xff\x01", b"\xff"
PING, REPORT, HOME, OPERATE, WASH, TRAY = "0", "4", "201", "202", "210", "211"
PRIMES = {"standard": "221", "head": "222", "pump": "223", "short": "224"}
DRAINS = {"aspirator": "231", "spill tray": "232"}
PARAMETERS = "1"
_FIXED = "025060090000012"
"""What stands behind the parameters that can be set; its meaning is not published."""
LENGTHS = {PING: 15, REPORT: 42}
ACKNOWLEDGED = 11
READY, BUSY, FAILED, STOPPED = range(4)
_COMMANDS = {PING, REPORT, HOME, OPERATE, WASH, TRAY, *PRIMES.values(), *DRAINS.values()}
_SET = re.compile(rf"1(\d\d)(\d\d\d)(\d\d)(\d\d){_FIXED}")
CHANNELS = (*range(6), *range(11, 16))
ERRORS = {
    "01": "no plate",
    "02": "can't retract",
    "11": "home of the head",
    "12": "home upper right",
    "13": "home upper left",
    "14": "home lower right",
    "15": "home lower left",
    "16": "home of the plate feeder",
    "21": "loading of the plate",
    "22": "home signal of the head",
    "23": "home of the plate feeder",
    "24": "home of the upper block",
    "25": "home of the lower block",
    "31": "home of the plate feeder",
    **dict.fromkeys(("41", "42", "43", "44"), "limit of the backlash"),
}


@dataclass(frozen=True, slots=True)
class Report:
    """What the washer tells of itself."""

    status: int
    operating: bool
    error: str  # in words; empty unless the status is an error
    out: bool = False
    spilled: bool = False
    loaded: bool = False


def command(payload: str) -> bytes:
    """Frame a payload; raises RefusedError for what is never sent."""
    if payload not in _COMMANDS and not _SET.fullmatch(payload):
        raise RefusedError(
            f"{payload!r} is never sent to a plate washer; {', '.join(sorted(_COMMANDS))} and a wash are"
        )
    return envelope(payload.encode("ascii"))


def envelope(body: bytes) -> bytes:
    """Put a body into the envelope."""
    total = (sum(body) + len(body)) & 0xFFFF
    return PREAMBLE + bytes((len(body),)) + body + total.to_bytes(2, "big") + TRAILER


def wash(*, washes: int, volume: int, flow: int, channel: int) -> str:
    """Give the payload that sets a wash, in the washer's own steps; raises RefusedError beyond what it knows."""
    for name, value, lowest, highest in (("washes", washes, 1, 19), ("volume", volume, 0, 99), ("flow", flow, 2, 20)):
        if not lowest <= value <= highest:
            raise RefusedError(f"{name} is {value}; {lowest} to {highest} is possible")
    if channel not in CHANNELS:
        raise RefusedError(f"channel is {channel}; {', '.join(map(str, CHANNELS))} are there")
    return f"{PARAMETERS}{washes:02}{volume:03}{flow:02}{channel:02}{_FIXED}"


class Answer:
    """Tells where the answer to a payload ends: after a fixed number of bytes."""

    __slots__ = ("_length",)

    def __init__(self, payload: str) -> None:
        self._length = LENGTHS.get(payload, ACKNOWLEDGED)

    def __call__(self, data: bytes) -> int:
        """Give the length, 0 while it is not complete."""
        return self._length if len(data) >= self._length else 0


def acknowledged(reply: bytes) -> int:
    """Read the status of an acknowledgement; raises WireError."""
    return _status(reply, 7)


def ping(reply: bytes) -> Report:
    """Read the answer to a ping; raises WireError."""
    return _report(reply)


def report(reply: bytes) -> Report:
    """Read a report; raises WireError."""
    found = _report(reply)
    tray, spill, loaded = (_digit(reply, place) for place in (12, 13, 14))
    return Report(found.status, found.operating, found.error, tray != 0, spill != 0, loaded != 0)


def _report(reply: bytes) -> Report:
    status = _status(reply, 9)
    code = f"{_digit(reply, 10)}{_digit(reply, 11)}" if status == FAILED else ""
    return Report(status, _digit(reply, 8) == 0, f"error {code}: {ERRORS.get(code, 'not listed')}" if code else "")


def _status(reply: bytes, place: int) -> int:
    found = _digit(reply, place)
    if found > STOPPED:
        raise WireError(f"status is {found} in {reply.hex(' ')}; 0 to {STOPPED} is known")
    return found


def _digit(reply: bytes, place: int) -> int:
    one = reply[place : place + 1]
    if not one.isdigit():
        raise WireError(f"a digit is needed at {place} of {reply.hex(' ')}")
    return int(one)


def payload(data: bytes) -> tuple[str | None, int]:
    """Take the first thing from what a washer heard: a sound payload, or None for what is none, and its length.

    A length of 0 means that more has to come.
    """
    head = len(PREAMBLE)
    if not PREAMBLE.startswith(data[:head]):
        return None, 1
    if len(data) <= head or len(data) < (end := head + data[head] + 4):
        return None, 0
    body = data[head + 1 : end - 3]
    return (body.decode("ascii", "replace") if envelope(body) == data[:end] else None), end
