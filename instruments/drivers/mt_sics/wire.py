"""Grammar of MT-SICS, the command set of Mettler Toledo balances: ASCII lines ended by CR LF.

A reply repeats the name of its command, then a status, then fields; ``SI`` answers as ``S``, ``@`` as ``I4``. Lines
of another name are data that nobody asked for (streams of ``SIR`` and ``SNR``, the greeting after power on).
Units:  g; another unit is refused, never converted.
Source: MT-SICS reference manuals 11780711 (laboratory balances), 11781363 (weigh modules, 2.1.2 response formats,
        2.1.3 error messages) and 30014405; 9600 8N1.
"""

import re
from dataclasses import dataclass

from automation.kernel.errors import FailedError, RefusedError, WireError
from automation.kernel.quantity import Grams

END = b"\r\n"
UNIT = "g"
ALLOWED = ("S", "SI", "T", "TI", "TA", "TAC", "Z", "ZI", "I0", "I1", "I2", "I3", "I4")
"""Commands that are ever sent: no reset (``@`` forgets the tare), no adjustment, no settings."""

_ANSWERS_AS = {"SI": "S", "@": "I4"}
_NAME = re.compile(r"[A-Z@][A-Z0-9]*")
_FIELD = re.compile(r'"[^"]*"|\S+')
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.(\d{1,15}))?")  # a display has ten columns
_FAULT = re.compile(r"(\d{1,3})([bt])")

GENERAL = {
    "ES": "the balance does not know the command",
    "ET": "the balance received the command garbled",
    "EL": "the balance can't execute the command",
}
STATES = {
    "I": "it can't do so at present: it is busy, or did not become stable in its time",
    "L": "a parameter is not allowed",
    "+": "it is overloaded, or above the range",
    "-": "it is underloaded, or below the range",
}
FAULTS = {
    1: "boot error",
    2: "brand error",
    3: "checksum error",
    9: "option fails",
    10: "EEPROM error",
    11: "device mismatch",
    12: "hot plug out",
    14: "weigh module and electronics do not match",
    15: "adjustment needed",
}
_WHERE = {"b": "weigh module", "t": "terminal"}


@dataclass(frozen=True, slots=True)
class Reply:
    """One line: its name, its status (empty for ES, ET and EL) and its fields without quotes."""

    name: str
    status: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mass:
    """A weight as it was shown; ``step`` is its last digit."""

    value: Grams
    step: Grams
    shown: str


def line(command: str) -> bytes:
    """Frame a command; raises RefusedError for one that this project never sends."""
    if command not in ALLOWED:
        msg = f"command {command!r} is never sent to a balance; allowed: {', '.join(ALLOWED)}"
        raise RefusedError(msg)
    return command.encode("ascii") + END


def read(text: bytes) -> Reply:
    """Read one line without its end; raises WireError for what is not one."""
    try:
        words = _FIELD.findall(text.decode("ascii"))
    except UnicodeDecodeError:
        words = []
    if not words or not _NAME.fullmatch(words[0]):
        msg = f"{text!r} is not a line of a balance"
        raise WireError(msg)
    name, status, *fields = (*words, "") if len(words) == 1 else words
    return Reply(name, status, tuple(field.strip('"') for field in fields))


def answers_as(command: str) -> str:
    """Give the name under which a command is answered."""
    return _ANSWERS_AS.get(command, command)


def answers(command: str, reply: Reply) -> bool:
    """Tell whether a line belongs to the answer to a command."""
    return reply.name in {answers_as(command), *GENERAL}


class Until:
    """Tells where the answer to one command ends: at its first line that is not followed by more (status B)."""

    def __init__(self, command: str) -> None:
        """Look for the answer to this command; lines of another name before it are passed over."""
        self.command = command

    def __call__(self, data: bytes) -> int:
        """Give the length of what ends with the answer; 0 while it is not complete."""
        at = 0
        while (end := data.find(END, at)) >= 0:
            reply, at = read(data[at:end]), end + len(END)
            if answers(self.command, reply) and reply.status != "B":
                return at
        return 0


def answer(command: str, data: bytes) -> tuple[Reply, ...]:
    """Give the lines that answer a command, of all that arrived; raises RefusedError for ES, ET and EL."""
    found = [read(text) for text in data.split(END) if text]
    own = tuple(reply for reply in found if answers(command, reply))
    if own and own[-1].name in GENERAL:
        msg = f"{command}: {GENERAL[own[-1].name]} ({own[-1].name}); nothing changed"
        raise RefusedError(msg)
    if not own or not own[-1].status:
        msg = f"{command!r} was answered by {data!r}; a line with a status is needed"
        raise WireError(msg)
    return own


def mass(fields: tuple[str, ...]) -> Mass:
    """Read a weight and its unit.

    Raises FailedError for another unit than g or a fault that stands in the place of the weight, WireError for what
    is not a weight.
    """
    if fields[:1] == ("Error",):
        raise FailedError(_fault(fields[1] if len(fields) > 1 else ""))
    number = _NUMBER.fullmatch(fields[0]) if len(fields) == 2 else None
    if number is None:
        msg = f"{' '.join(fields)!r} is not a weight; a number and a unit are needed"
        raise WireError(msg)
    if fields[1] != UNIT:
        msg = f"the balance shows {fields[1]!r}; {UNIT!r} is needed: the unit was changed"
        raise FailedError(msg)
    places = len(number.group(1) or "")
    return Mass(Grams(float(fields[0])), Grams(10.0**-places), " ".join(fields))


def _fault(code: str) -> str:
    known = _FAULT.fullmatch(code)
    what = FAULTS.get(int(known.group(1)), "unknown error") if known else "unknown error"
    where = f" of the {_WHERE[known.group(2)]}" if known else ""
    return f"the balance reports fault {code or 'without a code'}: {what}{where}"


def weight(value: float, *, unit: str = UNIT, places: int = 2) -> str:
    """Write a weight as a balance does: right-aligned in ten columns, a blank, the unit."""
    return f"{value + 0.0:10.{places}f} {unit}"
