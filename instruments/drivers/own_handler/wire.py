"""Grammar of our own liquid handler: one ASCII line each way, numbered operations, results for each channel.

Request ``TAG WORD [ARGUMENT ...] CRC LF``. Words: ``id``, ``status``, ``last``, ``setup``, ``tip`` and ``drop``
(``1:tips.A1``), ``asp`` and ``disp`` (``1:vials.A1:100000``, mixed before ``1:vials.A1:100000:50000:3``).
Reply ``TAG is ...`` to a question, ``TAG did NUMBER RESULT ...`` to a motion when it has ended (``1+`` done,
``2-noliquid`` not done, ``3?clot`` unknown), ``TAG no WHY`` when nothing was moved; ``- bad`` to a line that can't be
read. The device keeps number, tag and results of its last motion through a loss of power and tells them to ``last``.
Units:  nL (whole); CRC-16/XMODEM of everything before the space in front of it, 4 hex digits.
Source: this page and docs/drivers/own_handler.md; it is ours, made for simulation, and no vendor's.
"""

import re
from binascii import crc_hqx
from collections.abc import Iterable
from dataclasses import dataclass

from automation.kernel.errors import WireError
from automation.kernel.ids import digest
from automation.kernel.quantity import Microlitres
from instruments.interfaces.liquid_handler import (
    Aspirate,
    Cause,
    ChannelResult,
    Dispense,
    HandlerStatus,
    Outcome,
    TipMove,
)

BAD = b"- bad"
LONGEST = 4096  # bytes of a line
NANO = 1000  # nL in one uL
MARKS = {"+": Outcome.DONE, "-": Outcome.NOT_DONE, "?": Outcome.UNKNOWN}
CAUSES = {
    "": Cause.NONE,
    "noliquid": Cause.NO_LIQUID,
    "clot": Cause.CLOT,
    "notip": Cause.NO_TIP,
    "tipthere": Cause.TIP_ALREADY,
    "tiplost": Cause.TIP_LOST,
    "pressure": Cause.PRESSURE,
    "position": Cause.POSITION,
    "other": Cause.OTHER,
}
_MARK = {outcome: mark for mark, outcome in MARKS.items()}
_WORD = {cause: word for word, cause in CAUSES.items()}
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_RESULT = re.compile(r"([1-9]\d?)([+\-?])([a-z]*)")
_ARGUMENT = re.compile(r"([1-9]\d?):([\w-]+(?:\.[\w-]+)?)(?::(\d{1,9})(?::(\d{1,9}):(\d{1,3}))?)?")

Move = TipMove | Aspirate | Dispense
Moves = tuple[TipMove, ...] | tuple[Aspirate, ...] | tuple[Dispense, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One channel's part of a motion as it stands in a request; volumes in nL."""

    channel: int
    place: str
    volume: int = 0
    mix_volume: int = 0
    mix_cycles: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the device reads it."""

    tag: str
    word: str
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Did:
    """A motion that has ended: the device's number for it, the tag that it came with, and the results."""

    number: int
    tag: str
    results: tuple[ChannelResult, ...]


def line(body: str) -> bytes:
    """Close a line with its checksum."""
    data = body.encode("ascii", "replace")
    return b"%s %04x\n" % (data, crc_hqx(data, 0))


def body(data: bytes) -> str:
    """Give what stands in a line; raises WireError when the checksum is not right."""
    text, _, crc = data.rstrip(b"\n").rpartition(b" ")
    if not text or crc != b"%04x" % crc_hqx(text, 0):
        raise WireError(f"{data[:80]!r} is no line with its checksum")
    return text.decode("latin-1")


def ended(tag: str, data: bytes) -> int:
    """Tell where the reply to ``tag`` ends; whole lines of earlier replies before it count in. Raises WireError."""
    place, mine = 0, tag.encode() + b" "
    while end := data.find(b"\n", place) + 1:
        one = data[place:end]
        said = body(one)
        if one.startswith((mine, BAD)) and said:
            return end
        place = end
    return 0


def answer(data: bytes, tag: str) -> tuple[str, str]:
    """Give the word of the reply and what follows it; raises WireError when the device could not read the request."""
    last = data[data.rfind(b"\n", 0, -1) + 1 :]
    own, word, *rest = (*body(last).split(" ", 2), "", "")
    if own != tag or word not in {"is", "did", "no"}:
        raise WireError(f"{tag} was answered by {last!r}")
    return word, rest[0]


# what is asked


def arguments(moves: Moves) -> str:
    """Write the channels of a motion."""
    return " ".join(map(_argument, moves))


def _argument(move: Move) -> str:
    if isinstance(move, TipMove):
        return f"{move.channel}:{move.spot}"
    written = f"{move.channel}:{move.well}:{_nano(move.volume)}"
    if isinstance(move, Aspirate) and move.mix_cycles:
        return f"{written}:{_nano(move.mix_volume)}:{move.mix_cycles}"
    return written


def _nano(volume: Microlitres) -> int:
    return round(float(volume) * NANO)


def tag_of(word: str, moves: Moves) -> str:
    """Give the tag of a motion: what is asked and what was known before, so that the same asked anew differs."""
    known = [(m.in_well, m.in_tip) for m in moves if not isinstance(m, TipMove)]
    return digest(word, arguments(moves), repr(known)).hex()[:8]


def read_request(data: bytes) -> Request:
    """Read a request as the device does; raises WireError for one that breaks the grammar."""
    tag, word, *rest = (*body(data).split(" "), "")
    return Request(tag, word, tuple(_order(text) for text in rest if text))


def _order(text: str) -> Order:
    found = _ARGUMENT.fullmatch(text)
    if found is None:
        raise WireError(f"{text[:80]!r} is no channel with its place and volume")
    channel, place, volume, mix, cycles = found.groups()
    return Order(int(channel), place, int(volume or 0), int(mix or 0), int(cycles or 0))


# what is answered


def result(one: ChannelResult) -> str:
    """Write one channel's result."""
    return f"{one.channel}{_MARK[one.outcome]}{_WORD[one.cause]}"


def did(number: int, results: Iterable[ChannelResult]) -> str:
    """Write the end of a motion, without its tag."""
    return " ".join((f"did {number}", *map(result, results)))


def read_results(text: str) -> tuple[ChannelResult, ...]:
    """Read results; raises WireError for one that breaks the grammar or a channel that comes twice."""
    results = tuple(_result(word) for word in text.split())
    if len({one.channel for one in results}) != len(results):
        raise WireError(f"{text!r} names a channel twice")
    return results


def _result(word: str) -> ChannelResult:
    found = _RESULT.fullmatch(word)
    if found is None or found[3] not in CAUSES or (found[2] == "+" and found[3]):
        raise WireError(f"{word!r} is no result of a channel")
    cause = CAUSES[found[3]]
    why = "" if cause is Cause.NONE else f"channel {found[1]}: {cause}"
    return ChannelResult(int(found[1]), MARKS[found[2]], cause, why, word)


def read_did(text: str, *, tag: str) -> Did:
    """Read what follows ``did``; raises WireError."""
    number, _, results = text.partition(" ")
    if not _NUMBER.fullmatch(number):
        raise WireError(f"{text!r} is no motion with its number")
    return Did(int(number), tag, read_results(results))


def last(known: Did) -> str:
    """Write the last motion, without the tag of the question."""
    return " ".join((f"is {known.number} {known.tag}", *map(result, known.results)))


def read_last(text: str) -> Did:
    """Read the answer to ``last``; number 0 and the tag ``-`` before the first motion. Raises WireError."""
    number, tag, *results = (*text.split(" ", 2), "", "")[:3]
    if not _NUMBER.fullmatch(number) or not tag:
        raise WireError(f"{text!r} is no last motion")
    return Did(int(number), tag, read_results(results[0]))


def status(seen: HandlerStatus) -> str:
    """Write a status, without the tag: ``is 8 10000000 ready``."""
    tips = "".join("01"[tip] for tip in seen.tips)
    return f"is {seen.channels} {tips} {'ready' if seen.ready else 'down'}" + (f" {seen.problem}" * bool(seen.problem))


def read_status(text: str) -> HandlerStatus:
    """Read the answer to ``status``; raises WireError."""
    channels, tips, state, problem = (*text.split(" ", 3), "", "", "", "")[:4]
    right = (
        _NUMBER.fullmatch(channels)
        and len(tips) == int(channels)
        and set(tips) <= set("01")
        and state in {"ready", "down"}
    )
    if not right:
        raise WireError(f"{text!r} is no status")
    return HandlerStatus(int(channels), tuple(tip == "1" for tip in tips), state == "ready", problem)
