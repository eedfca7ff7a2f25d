"""A calendar as an iCalendar file: one entry for each block of hands-on work, in UTC, so that no zone is guessed.

Source: RFC 5545 3.1 (lines end in CR LF and are folded at 75 octets), 3.3.11 (escaping of text), 3.6.1 (entries).
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from automation.kernel.clock import local
from automation.kernel.quantity import Instant

_OCTETS = 75  # of a line, without its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry; ``key`` is what makes it the same entry when the file is written again."""

    key: str
    title: str
    begin: Instant
    end: Instant
    place: str = ""
    text: str = ""
    categories: tuple[str, ...] = ()


def ical(entries: Iterable[Entry], *, name: str, made: Instant) -> bytes:
    """Give the file's bytes; ``made`` is when the calendar was drawn."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Cellwright//rehearsal//EN", f"X-WR-CALNAME:{_text(name)}"]
    for entry in entries:
        lines += _entry(entry, made)
    return b"".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def _entry(entry: Entry, made: Instant) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{hashlib.sha256(entry.key.encode()).hexdigest()[:32]}"
    yield f"DTSTAMP:{_moment(made)}"
    yield f"DTSTART:{_moment(entry.begin)}"
    yield f"DTEND:{_moment(entry.end)}"
    yield f"SUMMARY:{_text(entry.title)}"
    if entry.place:
        yield f"LOCATION:{_text(entry.place)}"
    if entry.text:
        yield f"DESCRIPTION:{_text(entry.text)}"
    if entry.categories:
        yield f"CATEGORIES:{','.join(_text(word) for word in entry.categories)}"
    yield "END:VEVENT"


def _moment(at: Instant) -> str:
    return f"{local(at, zone='UTC'):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> bytes:
    """Give the line's octets, broken between characters; what follows begins with a blank."""
    parts, now = [], b""
    for character in line:
        octets = character.encode()
        if len(now) + len(octets) > _OCTETS:
            parts.append(now)
            now = b" "
        now += octets
    return b"\r\n".join([*parts, now]) + b"\r\n"
