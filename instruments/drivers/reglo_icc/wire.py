"""Grammar of the Ismatec Reglo ICC: a digit, a command, perhaps a value, ended by CR.

What is set is answered by one character and nothing behind it, what is asked for by a line that ends with CR LF.
Events (``^X``, ``^U``) come unasked as lines of their own and are stepped over.
Units:  1/min, to a hundredth.
Source: Reglo ICC manual 14-036-E rev. C, chapters 14 to 18: 9600 8N1; the examples of chapter 18. Whether ``E`` ends
        with CR LF, and which digit says legacy addressing (0 in 14.4, 2 in the list), is left open: both are read.
"""

import re
from dataclasses import dataclass

from automation.kernel.errors import RefusedError, WireError

END = b"\r\n"
ADDRESSING, RUNS, GO, STOP = "~", "E", "H", "I"
MODE, DIRECTION, SPEED, TURNS, PUMPED, WHY = "xM", "xD", "S", "xC", "xJ", "xe"
MODEL, FIRMWARE, SERIAL = "#", "(", "xS"
BY_SPEED, RIGHT, LEFT = "L", "J", "K"
QUIET, SINGLE = "xE0", "~1"
"""No events; every channel by itself."""
SLOWEST, FASTEST = 0.1, 100.0  # 1/min
LONGEST = 160  # bytes of an answer, events before it left out
DONE, NOT_DONE, NO, YES = "*", "#", "-", "+"

_ASKS = {ADDRESSING, RUNS, MODE, DIRECTION, SPEED, TURNS, PUMPED, WHY, MODEL, FIRMWARE, SERIAL}
_TELLS = {GO, STOP, BY_SPEED, RIGHT, LEFT, QUIET, SINGLE}
_SPEED_SET = re.compile(r"S\d{6}")
_MODEL = re.compile(r"(?P<model>[ -~]{1,40}) (?P<software>\w{1,8}) (?P<head>\w{1,4})")
_WHY = re.compile(r"(?P<cause>[CRV]) ?(?P<limit>[ -~]{0,20})")
_CAUSES = {
    "C": "no cycles are set",
    "R": "the flow is 0 or beyond the highest",
    "V": "the volume is beyond the highest",
}


@dataclass(frozen=True, slots=True)
class Model:
    """What ``#`` answers."""

    model: str
    software: str
    head: str  # its digits: channels, then rollers


def command(address: int, text: str) -> bytes:
    """Frame a command to a channel or a pump (1 to 8).

    Raises RefusedError for what is never sent: factory settings (``0``), calibrations, serial numbers, addresses.
    """
    if text not in _ASKS | _TELLS and not _SPEED_SET.fullmatch(text):
        known = ", ".join(sorted(_ASKS | _TELLS))
        raise RefusedError(f"{text!r} is never sent to a pump; only these are, and S with a speed: {known}")
    return f"{address}{text}\r".encode("ascii")


def speed_set(rpm: float) -> str:
    """Give the command for a speed (1/min); raises RefusedError beyond what the pump turns."""
    if not SLOWEST <= rpm <= FASTEST:
        raise RefusedError(f"speed is {rpm:g} 1/min; {SLOWEST:g} to {FASTEST:g} are possible")
    return f"{SPEED}{round(100.0 * rpm):06d}"


def answer_complete(data: bytes) -> int:
    """Tell where a line ends, or the one character of a refusal; 0 while it is not complete. Raises WireError."""
    start = _begins(data)
    if data[start : start + 1] == NOT_DONE.encode():
        return start + 1
    return _ended(data, start)


def status_complete(data: bytes) -> int:
    """Tell where the one character of a status ends; 0 while it is not there. Raises WireError for another one."""
    start = _begins(data)
    if start < len(data) and data[start : start + 1] != b"^":
        if data[start : start + 1].decode("latin-1") not in (DONE, NOT_DONE, NO, YES):
            raise WireError(f"a status is one of * # - +; the pump said {data[start:][:LONGEST]!r}")
        return start + 1
    return _ended(data, start)


def _begins(data: bytes) -> int:
    """Give where the answer begins: behind events, and behind the end of a line that came late."""
    start = 0
    while True:
        if data[start : start + 1] in {b"\r", b"\n"}:
            start += 1
            continue
        end = data.find(END, start)
        if data[start : start + 1] != b"^" or end < 0:
            return start
        start = end + len(END)


def _ended(data: bytes, start: int) -> int:
    end = data.find(END, start)
    if end < 0 and len(data) - start > LONGEST:
        raise WireError(f"{len(data) - start} bytes and no end of the line; one has at most {LONGEST}")
    return end + len(END) if end >= 0 else 0


def said(reply: bytes) -> str:
    """Give an answer without events and line ends; raises WireError for what is not ASCII."""
    try:
        return reply[_begins(reply) :].decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise WireError(f"the answer is not ASCII: {reply[:LONGEST].hex(' ')}") from error


def runs(text: str) -> bool:
    """Read the answer to ``E``; raises WireError for anything but + and -."""
    if text not in {YES, NO}:
        raise WireError(f"E was answered by {text[:80]!r}; + or - is needed")
    return text == YES


def single(text: str) -> bool:
    """Read the answer to ``~``: whether a digit means a channel; raises WireError for anything but 0, 1 and 2."""
    if text not in {"0", "1", "2"}:
        raise WireError(f"~ was answered by {text[:80]!r}; 0, 1 or 2 is needed")
    return text == "1"


def speed(text: str) -> float:
    """Read the answer to ``S`` (1/min); raises WireError."""
    return float(_matching(r"\d{1,4}\.\d{2}", text, to=SPEED))


def clockwise(text: str) -> bool:
    """Read the answer to ``xD``; raises WireError."""
    return _matching("[JK]", text, to=DIRECTION) == RIGHT


def mode(text: str) -> str:
    """Read the answer to ``xM``, a letter; raises WireError."""
    return _matching("[LMOGQNP]", text, to=MODE)


def count(text: str, *, to: str) -> int:
    """Read revolutions (``xC``) or seconds (``xJ``) since the last reset; raises WireError."""
    return int(_matching(r"\d{1,10}", text, to=to))


def model(text: str) -> Model:
    """Read the answer to ``#``; raises WireError."""
    found = _MODEL.fullmatch(text)
    if found is None:
        raise WireError(f"# was answered by {text[:80]!r}; model, software and head are needed")
    return Model(found["model"], found["software"], found["head"])


def cause(text: str) -> str:
    """Read the answer to ``xe`` in words: why it can't run; raises WireError."""
    found = _WHY.fullmatch(text)
    if found is None:
        raise WireError(f"xe was answered by {text[:80]!r}; C, R or V and a limit are needed")
    return f"{_CAUSES[found['cause']]} ({found['limit'] or 'no limit told'})"


def _matching(form: str, text: str, *, to: str) -> str:
    if not re.fullmatch(form, text, re.ASCII):
        raise WireError(f"{to} was answered by {text[:80]!r}; {form} is needed")
    return text
