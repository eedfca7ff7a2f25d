r"""Grammar of the EX-20: a command ended by CR LF, one reply line ended by CR LF.

``ID?``               ``ID EX-20 0042 1.4``   model, serial number, firmware
``ST?``               ``ST RUN 412 17``       IDLE, RUN or ERR; s left; runs since it was switched on
``RUN 600``           ``OK``                  1 to 9999 s; ``ER 2`` while it runs, ``ER 3`` for another time
``STOP``              ``OK``                  also when nothing runs

Units:  s.
Source: an example made up for this page; name the manual, its edition and its pages here.
"""

import re

from automation.kernel.errors import RefusedError, WireError

END = b"\r\n"
OK, IDENTIFY, LOOK, STOP = "OK", "ID?", "ST?", "STOP"
LONGEST = 80  # bytes of a line; assumed
LONGEST_RUN = 9999  # s
BUSY, NO_TIME, UNKNOWN = "ER 2", "ER 3", "ER 1"
REFUSALS = {BUSY: "it runs already", NO_TIME: "the time is not possible", UNKNOWN: "the command is unknown"}

_RUN = re.compile(r"RUN (\d{1,4})")
_IDENTITY = re.compile(r"ID (\S+) (\S+) (\S+)")
_STATUS = re.compile(r"ST (IDLE|RUN|ERR) (\d{1,4}) (\d{1,6})")


def command(text: str) -> bytes:
    """Frame a command; raises RefusedError for what is never sent."""
    if text not in (IDENTIFY, LOOK, STOP) and not _RUN.fullmatch(text):
        raise RefusedError(f"{text!r} is never sent; only {IDENTIFY}, {LOOK}, {STOP} and RUN with a time are")
    return text.encode("ascii") + END


def running(seconds: float) -> str:
    """Give the command for a run (s); raises RefusedError for a time that is not possible."""
    if not 1 <= round(seconds) <= LONGEST_RUN:
        raise RefusedError(f"the run is to last {seconds:g} s; 1 to {LONGEST_RUN} s are possible")
    return f"RUN {round(seconds)}"


def complete(data: bytes) -> int:
    """Tell where the reply ends; 0 while it is not complete. Raises WireError for a line without an end."""
    end = data.find(END)
    if end < 0 and len(data) > LONGEST:
        raise WireError(f"{len(data)} bytes and no end of the line; a line has at most {LONGEST}")
    return end + len(END) if end >= 0 else 0


def text(reply: bytes) -> str:
    """Give the words of a reply; raises WireError for what is not ASCII."""
    try:
        return reply.removesuffix(END).decode("ascii")
    except UnicodeDecodeError as error:
        raise WireError(f"the reply is not ASCII: {reply.hex(' ')}") from error


def done(reply: str, *, to: str) -> None:
    """Raise RefusedError for a refusal, in words, and WireError for anything else but ``OK``."""
    if reply in REFUSALS:
        raise RefusedError(f"{to} was refused: {REFUSALS[reply]}")
    if reply != OK:
        raise WireError(f"{to} was answered by {reply!r}; {OK} is needed")


def identification(reply: str) -> tuple[str, str, str]:
    """Read model, serial number and firmware; raises WireError for anything else."""
    found = _IDENTITY.fullmatch(reply)
    if found is None:
        raise WireError(f"{IDENTIFY} was answered by {reply!r}; ID with model, serial number and firmware is needed")
    return found[1], found[2], found[3]


def status(reply: str) -> tuple[str, int, int]:
    """Read the state in the device's words, the time that is left (s) and the runs; raises WireError."""
    found = _STATUS.fullmatch(reply)
    if found is None:
        raise WireError(f"{LOOK} was answered by {reply!r}; ST with a state, seconds and runs is needed")
    return found[1], int(found[2]), int(found[3])


def request(line: bytes) -> str:
    """Give a command line as the device reads it; bytes that are not ASCII become a command that it does not know."""
    return line.decode("ascii", "replace")


def asked_run(words: str) -> int | None:
    """Give the time (s) of a command to run; None for every other command."""
    found = _RUN.fullmatch(words)
    return int(found[1]) if found else None
