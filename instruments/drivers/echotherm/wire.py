"""Grammar of Torrey Pines EchoTherm dry baths: a command ended by CR, one reply line ended by CR LF.

``e`` answers what the unit does not understand. A RIC40 may also speak unasked: ``TEMP_STEADY`` and ``TIMER=0`` are
told apart from replies, the broadcast of the plate temperature is not, so that it has to be switched off.
Units:  degC.
Source: Torrey Pines Scientific, operating manuals of EchoTherm IC20/IC25 (pp. 28, 41), RIC40 (pp. 19, 27, 29) and
        SC25 (p. 45, SC25-100 of February 2021): commands, replies and examples. No document that was seen lists the
        error codes of ``p``: whatever is no number counts as one.
"""

import re

from automation.kernel.errors import RefusedError, WireError

END = b"\r\n"
OFF, OK, NOT_UNDERSTOOD = "off", "ok", "e"
EVENTS = ("TEMP_STEADY", "TIMER=0")
"""Lines that come unasked from a RIC40."""
LOWEST, HIGHEST = -10.0, 110.0  # degC, of the set point; a RIC40 ends at 100
QUERIES = ("v", "V", "s", "p", "b", "B")
SILENCE = ("b00:00", "Bsz")
"""What switches the broadcasts of a RIC40 off."""
IDLE = "i"
LONGEST = 80  # bytes of a line; assumed, the longest documented one has 24

_SET = re.compile(r"n-?\d{1,3}(\.\d)?")
_NUMBER = re.compile(r"-?\d{1,3}(\.\d{1,2})?")
_MODEL = re.compile(r"(\S+) v(\d{1,2}\.\d{1,2})")


def command(text: str) -> bytes:
    """Frame a command; raises RefusedError for what is never sent: ``#F``, ``#Z``, calibration, timers, logs."""
    if text not in (*QUERIES, *SILENCE, IDLE) and not _SET.fullmatch(text):
        known = ", ".join((*QUERIES, *SILENCE, IDLE))
        raise RefusedError(f"{text!r} is never sent to a dry bath; only these are, and n with a temperature: {known}")
    return text.encode("ascii") + b"\r"


def setting(temperature: float) -> str:
    """Give the command for a set point (degC); raises RefusedError beyond what a unit can be set to."""
    if not LOWEST <= temperature <= HIGHEST:
        raise RefusedError(f"set point is {temperature:g} degC; {LOWEST:g} to {HIGHEST:g} degC are possible")
    return f"n{temperature:.1f}"


def complete(data: bytes) -> int:
    """Tell where the reply ends, events before it included; 0 while it is not complete. Raises WireError."""
    start = 0
    while (end := data.find(END, start)) >= 0:
        if data[start:end].decode("latin-1").strip() not in EVENTS:
            return end + len(END)
        start = end + len(END)
    if len(data) - start > LONGEST:
        raise WireError(f"{len(data) - start} bytes and no end of the line; a line has at most {LONGEST}")
    return 0


def text(reply: bytes) -> str:
    """Give the reply line without the events before it; raises WireError for ``e`` and for what is not ASCII."""
    line = reply.removesuffix(END).rpartition(END)[2]
    try:
        said = line.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise WireError(f"the reply is not ASCII: {line.hex(' ')}") from error
    if said == NOT_UNDERSTOOD:
        raise WireError("the unit answered 'e': it did not understand the command")
    return said


def done(reply: str, *, to: str) -> None:
    """Raise WireError unless a command was answered by ``ok``."""
    if reply != OK:
        raise WireError(f"{to} was answered by {reply!r}; ok is needed")


def set_point(reply: str) -> float | None:
    """Read a set point (degC), None in idle mode; raises WireError for anything else."""
    if reply == OFF:
        return None
    if not _NUMBER.fullmatch(reply):
        raise WireError(f"s was answered by {reply!r}; a temperature or {OFF!r} is needed")
    return float(reply)


def plate(reply: str) -> tuple[float | None, str]:
    """Read the plate temperature (degC), or None with the error code; raises WireError for an empty reply."""
    if not reply:
        raise WireError("p was answered by an empty line; a temperature or an error code is needed")
    return (float(reply), "") if _NUMBER.fullmatch(reply) else (None, reply)


def identification(reply: str) -> tuple[str, str]:
    """Read the reply to ``v`` as model and version; raises WireError for anything else."""
    found = _MODEL.fullmatch(reply)
    if found is None:
        raise WireError(f"v was answered by {reply!r}; a model and its version are needed, for example SC25 v1.0")
    return found[1], found[2]


def request(line: bytes) -> str:
    """Give a command line as a unit reads it; bytes that are not ASCII become a command that it does not know."""
    return line.decode("ascii", "replace").strip("\r\n ")
