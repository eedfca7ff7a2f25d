"""Grammar of Sartorius SBI: ESC and a letter, or ESC, letters and an underline; answers are lines of 16 or 22 bytes.

A weight is sign, nine characters of number, a blank and three of unit; a line of 22 has six of a name before it. The
unit is blank while the weight is not stable. Digits in brackets are not verified. Taring and zeroing answer nothing.
Units:  g; another unit is refused, never converted.
Source: Sartorius manuals GC803, MSE (p. 71), Quintix (p. 87), Master series (p. 79) and the Entris II technical note,
        as PyLabRobot's driver names it; 9600 8O1 on Entris II, others by their menu. Words in error lines: the same.
"""

import re
from dataclasses import dataclass

from automation.kernel.errors import FailedError, RefusedError, WireError
from automation.kernel.quantity import Grams
from instruments.interfaces.balance import Weighing, Weight

END = b"\r\n"
ESC = "\x1b"
PRINT, TARE, ZERO, MODEL, SERIAL = "P", "T", "V", "x1_", "x2_"
SENT = (PRINT, TARE, ZERO, MODEL, SERIAL)
"""All that is ever sent: no restart, no adjustment, no locking of keys."""
SHORT, LONG, NAME = 16, 22, 6  # characters of a line, its end included; of the name before a weight
LONGEST = 80  # bytes without an end
UNIT = "g"

_WEIGHT = re.compile(r"(?P<sign>[+\- ]) *(?P<number>\d{1,7}(?:\.\d{0,6})?(?:\[\d\])?) *(?P<unit>[A-Za-z%]{0,3}) *")
_ERROR = re.compile(r"(?:(?:APP|DIS|COMM|PRT|SYS)\.? ?ERR|ERR? *\d{1,3})", re.IGNORECASE)
_NUMBER = re.compile(r"ERR? *(\d{1,3})", re.IGNORECASE)
_OVER, _UNDER = ("High", "H"), ("Low", "L")
OVERLOAD, UNDERLOAD = 55, 54


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the name before it, where it has one, and the rest."""

    name: str
    text: str


def command(text: str) -> bytes:
    """Frame a command; raises RefusedError for what is never sent."""
    if text not in SENT:
        raise RefusedError(f"ESC {text!r} is never sent to a balance; only these are: {', '.join(SENT)}")
    return f"{ESC}{text}".encode("ascii") + END


def complete(data: bytes) -> int:
    """Give the length of the first line, 0 while it has no end; raises WireError for one that never ends."""
    end = data.find(END)
    if end < 0 and len(data) > LONGEST:
        raise WireError(f"{len(data)} bytes and no end of the line; a line has {SHORT} or {LONG}")
    return end + len(END) if end >= 0 else 0


def line(reply: bytes) -> Line:
    """Read a line; raises WireError for what is not ASCII, and for another length than 16 or 22."""
    try:
        text = reply.removesuffix(END).decode("ascii")
    except UnicodeDecodeError as error:
        raise WireError(f"the reply is not ASCII: {reply[:LONG].hex(' ')}") from error
    if len(reply) not in {SHORT, LONG}:
        raise WireError(f"a line of {len(reply)} characters came: {text[:LONG]!r}; 16 or 22 are needed")
    named = len(reply) == LONG
    return Line(text[:NAME].strip() if named else "", text[NAME:] if named else text)


def weighing(reply: bytes) -> Weighing:
    """Read a weight; raises FailedError for an error and for another unit than g, WireError for anything else."""
    found = line(reply)
    words = found.text.strip()
    error = _NUMBER.search(words)
    number = int(error[1]) if error else 0
    if words in _OVER or number == OVERLOAD:
        return Weighing(Weight.OVER, None, words)
    if words in _UNDER or number == UNDERLOAD:
        return Weighing(Weight.UNDER, None, words)
    if words == "--":
        return Weighing(Weight.MOVING, None, words)
    if _ERROR.fullmatch(words):
        raise FailedError(f"the balance reports {words}")
    weight = _WEIGHT.fullmatch(found.text)
    if weight is None:
        raise WireError(f"{found.text!r} is no weight")
    if weight["unit"] not in {"", UNIT}:
        raise FailedError(f"the balance shows {weight['unit']}; {UNIT} is needed, it is set in its menu")
    value = float(weight["number"].replace("[", "").replace("]", "")) * (-1.0 if weight["sign"] == "-" else 1.0)
    return Weighing(Weight.STABLE if weight["unit"] else Weight.MOVING, Grams(value), words)


def words(reply: bytes) -> str:
    """Read the answer to a question for model or serial number; raises WireError for what is not ASCII, or empty."""
    try:
        text = reply[NAME if len(reply) == LONG else 0 :].removesuffix(END).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise WireError(f"the reply is not ASCII: {reply[:LONG].hex(' ')}") from error
    if not text:
        raise WireError("the balance told an empty line")
    return text


def weight(value: float, *, places: int, stable: bool) -> bytes:
    """Write a weight (g) as the balance does."""
    sign = "-" if value < 0.0 else "+"
    return f"{sign}{abs(value):>9.{places}f} {UNIT if stable else '':<3}".encode("ascii") + END


def special(text: str) -> bytes:
    """Write a line without a weight as the balance does."""
    return f"{text:^14}".encode("ascii") + END


def request(data: bytes) -> str:
    """Give a command line as the balance reads it; what is none becomes one that it does not know."""
    return data.decode("ascii", "replace").strip("\r\n ").removeprefix(ESC)
