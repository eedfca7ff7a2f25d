r"""Grammar of scanners that send each read as a line of text: ``[prefix][AIM identifier]text CR [LF]``.

Reads come unasked. Nothing is ever guessed: a read that was typed through a keyboard of another layout, that is cut,
too long or holds bytes that no label carries, is refused with a hint.
Source: ISO/IEC 15424 (AIM identifiers ``]cm``); ISBT 128 ST-001 v6.2.2 tables of data identifiers (to recognise a
        translated read, never to interpret one). Prefix and terminator are settings of the scanner.
"""

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 512  # characters; no symbol on a label of this field holds more
GROUP_SEPARATOR = "\x1d"  # FNC1 inside GS1 and compound messages
_END = re.compile(rb"[\r\n]+")
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_ISBT = re.compile(
    r"=[A-NP-Z1-9][A-Z0-9]{4}\d{8}[0-9A-Z]{0,2}"  # donation identification number
    r"|=<[A-Z][0-9A-Z]{4}[0-9A-Z][0-9A-Za-z]{2}"  # product code
    r"|[=&]>\d{6}(?:\d{4})?|[=&]\*\d{6}(?:\d{4})?"  # expiry and collection, date or date and time
    r"|&/CH[A-NP-Z1-9][0-9A-Z]{4}\d{2}[0-9A-Z]{6}"  # chain of identity
    r"|&,[124][0-9A-Za-z]{18,40}|=;[0-9A-Z]{21}|='[0-9A-Z]{11}|=\+\d{5}.*"
)
_US = "`1234567890-=[]\\;'/,.~!@#$%^&*()_+{}|:\"<>?yzYZqQwWaAmM"
_ACUTE = "\N{ACUTE ACCENT}"
_LAYOUTS = {  # what the same keys give elsewhere, place by place
    "German": f"^1234567890ß{_ACUTE}ü+#öä-,.°!\"§$%&/()=?`Ü*'ÖÄ;:_zyZYqQwWaAmM",
    "French": "²&é\"'(-è_çà)=^$*mù!;:~1234567890°+¨£µM%./§ywYWaAzZqQ,?",
    "Swiss": "§1234567890'^ü¨$öä-,.°+\"*ç%&/()=?`è!£éà;:_zyZYqQwWaAmM",
}
_BACK = {name: {ord(there): here for here, there in zip(_US, keys, strict=False)} for name, keys in _LAYOUTS.items()}
_FOREIGN = {char for keys in _LAYOUTS.values() for char in keys if not char.isascii()}
_DEAD = {"\u0301": _ACUTE, "\u0302": "^", "\u0300": "`"}  # combining accent: the key that makes it
_HINT = "the scanner types like a keyboard of another layout ({}); set it to serial (USB-COM) mode or to US English"


@dataclass(frozen=True, slots=True)
class Read:
    """One line as the scanner meant it."""

    text: str
    symbology: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """One line that is not used, and why."""

    hint: str


class Lines:
    """Joins what arrives in pieces to lines."""

    def __init__(self) -> None:
        """Start empty."""
        self.pending = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes and give the lines that are complete, without their ends."""
        *lines, self.pending = _END.split(self.pending + data)
        return [line for line in lines if line]

    def drop(self) -> bytes:
        """Give up the unfinished line, because the rest did not come; gives what there was."""
        dropped, self.pending = self.pending, b""
        return dropped


def read(line: bytes, *, prefix: str = "") -> Read | Refused:
    """Read one line; nothing is corrected, only taken or refused."""
    if len(line) > LONGEST:
        return Refused(f"{len(line)} characters were read, {LONGEST} are the most; scan one symbol at a time")
    text = _decode(line)
    layout = translated(text)
    if layout:
        return Refused(_HINT.format(layout))
    strange = [char for char in text if not (" " <= char <= "~" or char == GROUP_SEPARATOR)]
    if strange:
        return Refused(f"the read holds {strange[0]!r}, which no label carries: it was garbled; scan again")
    if not text.startswith(prefix):
        return Refused(f"the read does not begin with the prefix {prefix!r} that this scanner is set to; scan again")
    text = text.removeprefix(prefix)
    aim = _AIM.match(text)
    symbology = aim.group() if aim else ""
    text = text.removeprefix(symbology)
    if not text.strip():
        return Refused("the read is empty; scan again")
    return Read(text, symbology)


def translated(text: str) -> str:
    """Tell which keyboard layout a read went through; empty when there is no sign of one."""
    body = _undead(_AIM.sub("", text, count=1) if text.startswith("]") else text)
    if _ISBT.fullmatch(body):
        return ""
    if body.swapcase() != body and _ISBT.fullmatch(body.swapcase()):
        return "Caps Lock"
    for name, back in _BACK.items():
        if _ISBT.fullmatch(body.translate(back)):
            return name
    return "not US" if any(char in _FOREIGN for char in body) else ""


def _undead(text: str) -> str:
    """Undo a dead key at the start: an accent typed before a letter became one letter with the accent."""
    first = unicodedata.normalize("NFD", text[:1])
    return _DEAD[first[1]] + first[0] + text[1:] if len(first) > 1 and first[1] in _DEAD else text


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def frame(text: str, *, symbology: str = "", prefix: str = "", end: bytes = b"\r\n") -> bytes:
    """Write a read as a scanner sends it."""
    return f"{prefix}{symbology}{text}".encode() + end


def typed(text: str, layout: str) -> str:
    """Give what a read looks like when it was typed through a keyboard of ``layout``; for the fake."""
    table = {ord(here): there for here, there in zip(_US, _LAYOUTS[layout], strict=False)}
    return text.translate(table)
