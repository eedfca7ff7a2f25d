r"""Telegrams of a Cytomat, without I/O; shared by the driver and its fake.

Command ``kind:word [argument ...]`` and CR LF (the C2C 425: CR alone). Answers: ``ok hh`` to what is done (it has only
begun then; ``hh`` is the overview register), ``er hh`` to what is refused, ``word value`` to a question (``ch:``). The
overview register says busy until a motion has ended, and has a bit for an error that the error register tells.
Units:  degC, % (CO2, humidity, O2); places from 001.
Source: pylabrobot 0.2.2, storage/cytomat/cytomat.py, constants.py, errors.py.
"""

import re
from dataclasses import dataclass

from automation.kernel.errors import WireError

END, SHORT_END = b"\r\n", b"\r"
LONGEST = 128  # bytes of an answer
BUSY_CODE, UNKNOWN_CODE = 0x01, 0x02  # answers that come for no reason now and then; they mean that nothing was taken
CODES = {
    0x01: "busy",
    0x02: "command unknown",
    0x03: "telegram structure",
    0x04: "parameter",
    0x05: "no such place",
    0x11: "handler is not where it has to start",
    0x12: "shovel is out",
    0x21: "handler is occupied",
    0x22: "handler is empty",
    0x31: "transfer station is empty",
    0x32: "transfer station is occupied",
    0x33: "transfer station is not in position",
    0x41: "lift door is not configured",
    0x42: "lift door is not open",
    0x51: "memory",
    0x52: "not authorised",
}
"""What ``er`` means: the command was not taken."""
ERRORS = {
    0x00: "",
    0x01: "motor controllers do not answer",
    0x02: "no plate came onto the shovel",
    0x03: "the plate did not leave the shovel",
    0x04: "the shovel did not go out",
    0x05: "the process took too long",
    0x06: "the lift door did not open",
    0x07: "the lift door did not close",
    0x08: "the shovel did not come in",
    0x0A: "a motor controller is too hot",
    0x0B: "a motor controller failed",
    0x0C: "the transfer station did not turn",
    0x0D: "heating and gas controllers do not answer",
    0xFF: "an error while an error was dealt with",
}
"""What the error register means."""
REGISTERS = frozenset({"bs", "be", "bw", "ba"})
CLIMATE = {"it": "temperature", "ic": "co2", "ih": "humidity", "io": "oxygen"}
_COMMAND = re.compile(r"(ch|rs|ll|mv|se):([a-z]{2})((?: [0-9A-Za-z]{1,8}){0,3})")
_SAID = re.compile(r"(ok|er|[a-z]{2})(?: (\S{1,12})(?: (\S{1,12}))?)?")
_HEX = re.compile(r"[0-9A-Fa-f]{2}")
_NUMBER = re.compile(r"[+-]?\d{1,4}(?:\.\d{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its kind (``ch``, ``mv`` ...), its word, its arguments."""

    kind: str
    word: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """The overview register: its bits, the highest first."""

    station_occupied: bool = False
    door_open: bool = False
    gate_open: bool = False
    handler_occupied: bool = False
    error: bool = False
    warning: bool = False
    ready: bool = False
    busy: bool = False

    @property
    def code(self) -> int:
        """Give the register."""
        bits = (self.station_occupied, self.door_open, self.gate_open, self.handler_occupied)
        return sum(on << place for place, on in zip(range(7, -1, -1), (*bits, *self._low), strict=True))

    @property
    def _low(self) -> tuple[bool, ...]:
        return self.error, self.warning, self.ready, self.busy


def overview(code: int) -> Overview:
    """Read the overview register."""
    return Overview(*(bool(code >> place & 1) for place in range(7, -1, -1)))


def read_command(line: bytes) -> Command:
    """Read a command without its end; raises WireError for what is none."""
    found = _COMMAND.fullmatch(line.decode("ascii", "replace").strip())
    if found is None:
        raise WireError(f"{line[:40]!r} is no command such as 'mv:ts 001'")
    return Command(found[1], found[2], tuple(found[3].split()))


def complete(data: bytes, *, end: bytes = END) -> int:
    """Tell the length of the answer that the bytes begin with; 0 while it is not there. Raises WireError."""
    place = data.find(end)
    if place < 0 and len(data) > LONGEST:
        raise WireError(f"{len(data)} bytes and no end of the answer")
    return place + len(end) if place >= 0 else 0


def answer(data: bytes, to: Command) -> tuple[str, ...]:
    """Give the words of an answer when it is one to this command; raises WireError."""
    text = data.decode("ascii", "replace").strip()
    found = _SAID.fullmatch(text)
    words = tuple(word for word in found.groups() if word is not None) if found else ()
    if not _fits(words, to):
        raise WireError(f"{to.kind}:{to.word} was answered by {text[:40]!r}")
    return words


def _fits(words: tuple[str, ...], to: Command) -> bool:
    match words:
        case "er", code:
            return bool(_HEX.fullmatch(code)) and int(code, 16) in CODES
        case "ok", code if to.kind != "ch":
            return bool(_HEX.fullmatch(code))
        case word, value if to.kind == "ch" and word == to.word in REGISTERS:
            return bool(_HEX.fullmatch(value))
        case word, nominal, actual if to.kind == "ch" and word == to.word in CLIMATE:
            return bool(_NUMBER.fullmatch(nominal) and _NUMBER.fullmatch(actual))
        case _:
            return False
