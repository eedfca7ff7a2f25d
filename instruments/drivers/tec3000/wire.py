"""Grammar of the MVE TEC 3000 controller, the Thermo CryoExtra CE8100 by another name: ASCII lines ended by CR LF.

On RS-485 a three-digit address stands before each command. A question ends with ``?`` and has one reply line, a bare
value. A command that sets something has no reply at all; none is ever sent from here.
Units:  degC; the level in the unit that is set at the controller.
Source: check_mvetec.pl (Icinga plug-in: ``001 TEMPA?`` and its reply, TCP 10001 behind a serial server);
        CE8100 manual p. 71; MVE 616 manual p. 155 (command list). The name of the level question is from memory: the
        page was not seen, so it is a setting.
"""

import re

from automation.kernel.errors import InputError, RefusedError, WireError

END = b"\r\n"
LEVEL = "LEVL?"
"""The question for the level unless a site says otherwise; from memory, unconfirmed."""
QUESTIONS = ("*IDN?", "TEMPA?", "TEMPB?", "FILL?", "FILLM?", "FILT?", "FILTIM?", "FILAS?", "ALMS?", "BPFIL?")
"""Questions of the command list that are ever sent."""
DENIED = ("CODE", "CALTA", "CALTB", "CALVL", "HITST", "LOTST")
"""Beginnings of what is never sent, also as a question: the password in clear, calibration, alarm tests."""

_QUESTION = re.compile(r"[A-Z]{2,8}\?")
_ADDRESS = re.compile(r"[0-9]{3}")
_NUMBER = re.compile(r"[+-]?\d{1,4}(\.\d+)?")
_VERSION = re.compile(r"(?<!\d)(\d{1,4}\.\d{1,4})$")
_FLAGS = {"0": False, "1": True}


def level_question(text: str) -> str:
    """Check the question for the level; raises InputError for what is no question or is never sent."""
    if not _QUESTION.fullmatch(text) or text.startswith(DENIED):
        msg = f"level_question is {text!r}; capitals and '?' are needed, for example {LEVEL}"
        raise InputError(f"{msg}; never {', '.join(DENIED)}")
    return text


def address(text: str) -> str:
    """Check an address; empty where the controller is alone on its line. Raises InputError."""
    if text and not _ADDRESS.fullmatch(text):
        raise InputError(f"address is {text!r}; three digits are needed, for example 001")
    return text


def question(text: str, *, address: str = "", level: str = LEVEL) -> bytes:
    """Frame a question; raises RefusedError for anything that is not on the list."""
    if text not in {*QUESTIONS, level}:
        msg = f"{text!r} is never sent to a store; only these are: {', '.join((*QUESTIONS, level))}"
        raise RefusedError(msg)
    return f"{address} {text}".strip().encode("ascii") + END


def complete(data: bytes) -> int:
    """Tell the length of the reply line that the bytes begin with; 0 while it is not complete."""
    end = data.find(b"\n")
    return end + 1


def text(reply: bytes) -> str:
    """Give a reply line as text; raises WireError for bytes that are not ASCII."""
    try:
        return reply.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise WireError(f"the reply is not ASCII: {reply.hex(' ')}") from error


def number(reply: str, *, to: str) -> float:
    """Read a value; raises WireError for what is no number."""
    if not _NUMBER.fullmatch(reply):
        raise WireError(f"{to} was answered by {reply!r}; a number is needed")
    return float(reply)


def flag(reply: str, *, to: str) -> bool:
    """Read a state; raises WireError for anything but 0 and 1."""
    if reply not in _FLAGS:
        raise WireError(f"{to} was answered by {reply!r}; 0 or 1 is needed")
    return _FLAGS[reply]


def identification(reply: str) -> tuple[str, str]:
    """Read the reply to ``*IDN?`` as controller and software version; raises WireError without a version."""
    version = _VERSION.search(reply)
    name = reply.partition(",")[0].strip()
    if version is None or not name:
        raise WireError(f"*IDN? was answered by {reply!r}; a controller and its software version are needed")
    return name, version[1]
