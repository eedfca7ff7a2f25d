"""What a ZPL printer says of itself: ``~HS`` (host status) and ``~HI`` (host identification).

Each line stands between STX and ETX CR LF; ``~HS`` gives three, ``~HI`` one. Newer editions of the guide say that a
printer with media out, ribbon out, head open, rewinder full or a hot head does not answer ``~HS`` at all; older ones
and logs of printers show the flags set. Both are taken: a flag is a fault, and silence is one too.
Source: ZPL II Programming Guide 45541L-004 Rev. A, p. 169 (``~HI``) and 171-172 (``~HS``); ZPL Programming Guide at
        docs.zebra.com, ``~HS``. The guide prints ``~HI`` without its frame; logs of printers show it.
"""

import re
from dataclasses import dataclass

from automation.kernel.errors import WireError
from instruments.interfaces.label_printer import PrinterStatus

STX, END = b"\x02", b"\x03\r\n"
HOST_STATUS = b"~HS\r\n"
HOST_IDENTIFICATION = b"~HI\r\n"
STATUS_LINES = 3

_FIRST = re.compile(r"\d{3},([01]),([01]),\d{4,5},(\d{3}),([01]),[01],([01]),\d{3},([01]),([01]),([01])")
_SECOND = re.compile(r"\d{3},\d,([01]),([01]),[01],\w,\w,[01],(\d{8}),\d,\d{3}")
_THIRD = re.compile(r"[^,]*,[01]")
_IDENTIFICATION = re.compile(r"([^,]+),([^,]+),(\d{1,3}),(\d+(?:KB)?)(?:,([^,]*))?")


@dataclass(frozen=True, slots=True)
class Identification:
    """What ``~HI`` tells; a printer does not tell its serial number this way."""

    model: str
    firmware: str
    dots: int  # per mm
    memory: str
    options: str


class Until:
    """Tells where a reply of so many lines ends; what stands before the first STX is no reply."""

    def __init__(self, lines: int) -> None:
        """Count this many lines."""
        self.lines = lines

    def __call__(self, data: bytes) -> int:
        """Give the length of the complete reply; 0 while it is not complete, raises WireError for other bytes."""
        if data and not data.startswith(STX):
            msg = f"{data[:20]!r} is not a reply of a ZPL printer; it begins with STX"
            raise WireError(msg)
        at = 0
        for _ in range(self.lines):
            end = data.find(END, at)
            if end < 0:
                return 0
            at = end + len(END)
        return at


def status(reply: bytes) -> PrinterStatus:
    """Read the three lines of ``~HS``; raises WireError when one of them is not as documented."""
    first, second, _ = _lines(reply, (_FIRST, _SECOND, _THIRD))
    paper, pause, formats, full, partial, ram, cold, hot = first.groups()
    head, ribbon, left = second.groups()
    return PrinterStatus(
        paper_out=paper == "1",
        ribbon_out=ribbon == "1",
        head_open=head == "1",
        paused=pause == "1",
        buffer_full=full == "1",
        waiting=int(formats),
        left=int(left),
        partial=partial == "1",
        ram_lost=ram == "1",
        too_cold=cold == "1",
        too_hot=hot == "1",
    )


def identification(reply: bytes) -> Identification:
    """Read the line of ``~HI``; raises WireError unless it names model, firmware, dots per mm and memory."""
    (found,) = _lines(reply, (_IDENTIFICATION,))
    model, firmware, dots, memory, options = found.groups()
    return Identification(model, firmware, int(dots), memory, options or "")


def write(*lines: str) -> bytes:
    """Frame lines as a printer does."""
    return b"".join(STX + line.encode("ascii") + END for line in lines)


def written(now: PrinterStatus, *, length: int) -> bytes:
    """Write a status as the three lines of ``~HS``; ``length`` is the label's, in dots."""
    return write(
        f"030,{now.paper_out:d},{now.paused:d},{length:04d},{now.waiting:03d},{now.buffer_full:d},0,"
        f"{now.partial:d},000,{now.ram_lost:d},{now.too_cold:d},{now.too_hot:d}",
        f"001,0,{now.head_open:d},{now.ribbon_out:d},1,2,6,0,{now.left:08d},1,000",
        "1234,0",
    )


def _lines(reply: bytes, forms: tuple[re.Pattern[str], ...]) -> list[re.Match[str]]:
    """Match each line of a reply; raises WireError for the first that is not as documented."""
    texts = [line.removeprefix(STX).decode("latin-1") for line in reply.split(END)[:-1]]
    if len(texts) != len(forms):
        msg = f"{len(texts)} lines came from the printer; {len(forms)} are needed"
        raise WireError(msg)
    found = [form.fullmatch(text) for form, text in zip(forms, texts, strict=True)]
    for match, text in zip(found, texts, strict=True):
        if match is None:
            msg = f"{text!r} is not a line of a ZPL printer"
            raise WireError(msg)
    return [match for match in found if match]
