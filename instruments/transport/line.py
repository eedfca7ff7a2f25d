"""Settings of a serial line as people write them: ``9600 8N1``, ``57600 8N1 xonxoff``.

Baud in bit/s. A pty ignores all of them, so tests look at the settings, never at the behaviour.
"""

import re
from dataclasses import dataclass

from automation.kernel.errors import InputError
from automation.kernel.quantity import Seconds

FLOWS = ("none", "xonxoff", "rtscts")
_FORM = re.compile(r"([1-9]\d{1,6})[ -]([5-8])([NEO])([12])(?:[ -](none|xonxoff|rtscts))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class LineSettings:
    """Baud rate (bit/s), data bits, parity (N, E, O), stop bits and flow control."""

    baud: int = 9600
    bits: int = 8
    parity: str = "N"
    stop: int = 1
    flow: str = "none"

    def __str__(self) -> str:
        flow = "" if self.flow == "none" else f" {self.flow}"
        return f"{self.baud} {self.bits}{self.parity}{self.stop}{flow}"

    def duration(self, count: int) -> Seconds:
        """Give the time that ``count`` bytes take on the line (s)."""
        bits = 1 + self.bits + (self.parity != "N") + self.stop
        return Seconds(count * bits / self.baud)


def line_settings(text: str, *, where: str = "") -> LineSettings:
    """Read settings such as ``9600 8N1`` or ``9600-7E1-xonxoff``; raises InputError that says what is allowed."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        msg = (
            f"line settings are {text!r}; allowed: baud, then data bits 5-8, parity N, E or O and stop bits 1 or 2, "
            f"then optionally one of {', '.join(FLOWS)}, for example '9600-8N1' or '57600-8N1-xonxoff'"
        )
        raise InputError(msg, where=where)
    baud, bits, parity, stop, flow = found.groups()
    return LineSettings(int(baud), int(bits), parity, int(stop), flow or "none")
