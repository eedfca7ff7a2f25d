"""Grammar of Watson-Marlow pumps: the pump's number, two letters, perhaps a value, ended by CR; most answer nothing.

A pump echoes what it hears unless that is switched off. ``RS`` answers a line that ends with ``!``, ``ZY`` 0 or 1.
Units:  1/min; mL per revolution, as the pump was told of its tube.
Source: Watson-Marlow manuals of 505, 323, 620DuN (p. 82) and 720DuN (p. 77): commands and the answers to RS of a 620
        and a 323; 9600 8N2. What the last digit of a 323's answer says is left open: ZY is asked.
"""

import re
from dataclasses import dataclass

from automation.kernel.errors import RefusedError, WireError

END = b"\r"
STATUS, RUNS = "RS", "ZY"
GO, STOP, RIGHT, LEFT, SPEED = "GO", "ST", "RR", "RL", "SP"
LOUDEST = 600.0  # 1/min
LONGEST = 120  # bytes of an answer

_SENT = re.compile(r"(?:RS|ZY|GO|ST|RR|RL|SP\d{1,3}\.\d)")
_STATUS = re.compile(
    r"(?P<model>\d{3}\w{0,6}) (?:(?P<per>\d{1,3}\.\d{1,3}) (?P<head>\w{1,10}) (?P<tube>[\w.]{1,10}) )?"
    r"(?P<rpm>\d{1,3}(?:\.\d)?) (?P<turns>CCW|CW) (?:P/N (?P<unit>\d{1,2}) (?P<count>\d{1,10}) )?(?P<last>\d{1,2}) !"
)


@dataclass(frozen=True, slots=True)
class Status:
    """What RS answers."""

    model: str
    rpm: float
    clockwise: bool
    tube: str = ""
    count: int | None = None  # of the tachometer


def command(unit: int, text: str) -> bytes:
    """Frame a command to a pump (1 to 16); raises RefusedError for what is never sent: key locks, ``#``, displays."""
    if not _SENT.fullmatch(text):
        raise RefusedError(f"{text!r} is never sent to a pump; only RS, ZY, GO, ST, RR, RL and SP with a speed are")
    return f"{unit}{text}".encode("ascii") + END


def speed(rpm: float) -> str:
    """Give the command for a speed (1/min); raises RefusedError beyond what can be written."""
    if not 0.1 <= rpm <= LOUDEST:
        raise RefusedError(f"speed is {rpm:g} 1/min; 0.1 to {LOUDEST:g} are possible")
    return f"{SPEED}{rpm:.1f}"


class Answer:
    """Tells where the answer to a command ends: after its echo, where there is one, and the line, where one comes."""

    __slots__ = ("_echo", "_line")

    def __init__(self, frame: bytes, *, echoes: bool, line: bool) -> None:
        self._echo, self._line = (frame if echoes else b""), line

    def __call__(self, data: bytes) -> int:
        """Give the length, 0 while it is not complete; raises WireError for another echo and for no end."""
        if not data.startswith(self._echo) and not self._echo.startswith(data):
            raise WireError(f"the pump echoed {data[: len(self._echo)]!r}, sent was {self._echo!r}")
        if len(data) < len(self._echo):
            return 0
        end = data.find(END, len(self._echo)) if self._line else len(self._echo) - 1
        if end < 0 and len(data) > LONGEST:
            raise WireError(f"{len(data)} bytes and no end of the answer; one has at most {LONGEST}")
        return end + 1

    def text(self, data: bytes) -> str:
        """Give the line behind the echo; raises WireError for what is not ASCII."""
        try:
            return data[len(self._echo) :].decode("ascii").strip()
        except UnicodeDecodeError as error:
            raise WireError(f"the answer is not ASCII: {data[:LONGEST].hex(' ')}") from error


def status(text: str) -> Status:
    """Read the answer to RS; raises WireError for anything else."""
    found = _STATUS.fullmatch(text)
    if found is None:
        raise WireError(f"RS was answered by {text[:80]!r}; a model, a speed, a direction and ! are needed")
    count = None if found["count"] is None else int(found["count"])
    return Status(found["model"], float(found["rpm"]), found["turns"] == "CW", found["tube"] or "", count)


def runs(text: str) -> bool:
    """Read the answer to ZY; raises WireError for anything but 0 and 1."""
    if text not in {"0", "1"}:
        raise WireError(f"ZY was answered by {text[:80]!r}; 0 or 1 is needed")
    return text == "1"
