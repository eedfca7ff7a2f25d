"""Firmware frames of a Hamilton STAR, without I/O; shared by the driver and its fake.

Grammar: module (2 characters), command (2 letters), ``id`` and four digits, then parameters: two small letters and a
         value. A list is separated by blanks and ends with ``&`` where it is shorter than the channels. The answer
         echoes module, command and id; the master (C0) then says ``er`` code ``/`` trace, and for each channel with an
         error its module and the same.
Cable:   on USB a transfer keeps its bounds; on a stream of bytes each transfer ends with ``END``, our own convention
         (``instruments.transport.usb``).
Units:   0.1 mm, 0.1 uL, 0.1 uL/s, 0.1 s on the wire.
Source:  pylabrobot 0.2.2, hamilton/base.py and STAR_backend.py (frames, error codes, trace texts).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from automation.kernel.errors import WireError
from instruments.transport import usb

END = usb.END
LONGEST = 8192  # bytes; an aspiration with eight channels takes about 1500
_HEAD = re.compile(r"([A-Z][0-9A-Z])([A-Z]{2})(?:id(\d{4}))?")
_PARAMETER = re.compile(r"([a-z]{2})([^a-z]*)")
_ERROR = re.compile(r"er(\d\d)(?:/(\d\d))?")
_MODULE = re.compile(r" ?([A-Z][0-9A-Z])(\d\d)/(\d\d)")
_CHANNELS = "123456789ABCDEFG"

Code = tuple[int, int]
"""Error code and trace information."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One command."""

    module: str
    command: str
    id: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """Give module and command, for example ``C0AS``."""
        return self.module + self.command

    def numbers(self, name: str) -> tuple[int, ...]:
        """Give the values of a parameter; empty when it is missing. Raises WireError for what is no number."""
        value = self.parameters.get(name, "").rstrip("&")
        try:
            return tuple(int(word) for word in value.split())
        except ValueError:
            raise WireError(f"{self.what}: {name} is {value!r}; whole numbers are needed") from None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: what it echoes, the error of the module asked, those of channels (1..) and others, and its text."""

    module: str
    command: str
    id: int | None
    error: Code
    channels: Mapping[int, Code]
    others: Mapping[str, Code]
    text: str


def read_command(text: str) -> Frame:
    """Read a command; raises WireError for what is none."""
    module, command, number, rest = _head(text)
    parameters = dict(_PARAMETER.findall(rest))
    if sum(len(name) + len(value) for name, value in parameters.items()) != len(rest):
        raise WireError(f"command is {text[:80]!r}; parameters of two small letters and a value are needed, each once")
    return Frame(module, command, number, parameters)


def read_answer(text: str) -> Answer:
    """Read an answer; raises WireError for what is none."""
    module, command, number, rest = _head(text)
    said = _ERROR.search(rest)
    error = (int(said[1]), int(said[2] or 0)) if said else (0, 0)
    each: dict[str, Code] = {}
    if said is not None and module == "C0":
        each = {name: (int(code), int(trace)) for name, code, trace in _MODULE.findall(rest[said.end() :])}
    wrong = {name: code for name, code in each.items() if code != (0, 0)}
    channels = {_CHANNELS.index(name[1]) + 1: code for name, code in wrong.items() if _of_channel(name)}
    others = {name: code for name, code in wrong.items() if not _of_channel(name)}
    return Answer(module, command, number, error, channels, others, text)


def write_answer(
    to: Frame, payload: str = "", *, error: Code = (0, 0), channels: Mapping[int, Code] | None = None
) -> str:
    """Write the answer to a command; with errors of channels the master says 99/00."""
    number = "" if to.id is None else f"id{to.id:04}"
    if to.module != "C0":
        return f"{to.what}{number}er{error[0]:02}{payload}"
    code = (99, 0) if channels else error
    each = "".join(f" {channel_module(c)}{e:02}/{t:02}" for c, (e, t) in sorted((channels or {}).items()))
    return f"{to.what}{number}er{code[0]:02}/{code[1]:02}{each}{payload}"


def channel_module(channel: int) -> str:
    """Give the module of a channel (1..16), for example ``P1``."""
    return f"P{_CHANNELS[channel - 1]}"


def transfer(text: str) -> bytes:
    """Give the bytes that one transfer is on a stream."""
    return text.encode("ascii") + END


def transfers(data: bytes) -> tuple[list[str], bytes]:
    """Give the complete transfers and the rest; raises WireError for bytes that are no text of the firmware."""
    *whole, rest = data.split(END)
    if len(rest) > LONGEST:
        raise WireError(f"{len(rest)} bytes and no end of the transfer")
    try:
        return [piece.decode("ascii") for piece in whole], rest
    except UnicodeDecodeError:
        raise WireError(f"bytes {data[:40].hex(' ')} are no text of the firmware") from None


def answered(data: bytes, to: Frame) -> int:
    """Tell how many bytes it takes to the end of the answer to ``to``; 0 while it is not there.

    Answers to earlier commands may stand before it: they were given up. Raises WireError for what is no answer.
    """
    end = 0
    for text in transfers(data)[0]:
        end += len(text) + len(END)
        answer = read_answer(text)
        if (answer.module, answer.command, answer.id) == (to.module, to.command, to.id):
            return end
    return 0


def last(data: bytes) -> str:
    """Give the text of the last complete transfer."""
    return transfers(data)[0][-1]


def _of_channel(module: str) -> bool:
    return module[0] == "P" and module[1] in _CHANNELS


def _head(text: str) -> tuple[str, str, int | None, str]:
    found = _HEAD.match(text)
    if found is None or text.startswith("id", found.end()):
        raise WireError(f"frame is {text[:80]!r}; module, command and id are needed, for example 'C0RTid0001'")
    return found[1], found[2], int(found[3]) if found[3] else None, text[found.end() :]
