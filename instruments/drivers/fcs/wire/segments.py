"""Segments and keywords of an FCS file, versions 2.0, 3.0 and 3.1; one data set of list-mode events.

Units:  offsets and sizes in bytes from the start of the file.
Source: ISAC, Data File Standard for Flow Cytometry, version FCS 3.1 (2010), 3.1 (HEADER), 3.2 (TEXT), 3.3 (DATA); real
        files among the test data of whitews/FlowKit (BSD-3-Clause), whose offsets differ from the standard by one byte
        or contradict each other, as some instruments write.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from automation.kernel.errors import InputError

VERSIONS = (b"FCS2.0", b"FCS3.0", b"FCS3.1")
HEADER = 58  # bytes: version, four blanks, six offsets of eight digits
_MOST_CHANNELS = 256
_LARGEST = 1e15  # of a number in a keyword
WHOLE = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Keywords:
    """The keywords of a file, by their name in capitals; raises InputError for one that is missing or wrong."""

    found: Mapping[str, str]
    name: str

    def text(self, key: str) -> str:
        """Give a value without the blanks around it; empty when it is not there."""
        return self.found.get(key, "").strip()

    def needed(self, key: str) -> str:
        """Give a value that has to be there."""
        if not self.text(key):
            refuse(f"keyword {key} is missing", self.name)
        return self.text(key)

    def whole(self, key: str) -> int:
        """Give a whole number that has to be there."""
        text = self.needed(key)
        if not WHOLE.fullmatch(text):
            refuse(f"keyword {key} is not a whole number", self.name)
        return int(text)

    def number(self, key: str, usual: float) -> float:
        """Give a number, or the usual one where the keyword is not there."""
        text = self.text(key)
        try:
            value = float(text) if text else usual
        except ValueError:
            value = math.nan
        if not abs(value) <= _LARGEST:
            refuse(f"keyword {key} is not a number", self.name)
        return value


@dataclass(frozen=True, slots=True)
class Segments:
    """What was found in a file: its keywords, the bytes of its events, and what is odd about it."""

    keywords: Keywords
    data: bytes
    notes: tuple[str, ...]


def refuse(message: str, name: str) -> NoReturn:
    """Raise InputError that names the file."""
    raise InputError(message, where=name)


def read(raw: bytes, *, name: str) -> Segments:
    """Take a file apart; raises InputError for one that is cut, holds several data sets, or contradicts itself."""
    if raw[:6] not in VERSIONS:
        refuse(f"the file does not begin with {', '.join(v.decode() for v in VERSIONS)}", name)
    offsets = [_offset(raw[at : at + 8], name) for at in range(10, HEADER, 8)] if len(raw) >= HEADER else []
    if not offsets:
        refuse("the file ends within its header: it was cut", name)
    text_begin, text_end, data_begin, data_end = offsets[:4]
    if text_end >= len(raw):
        refuse(f"the file has {len(raw)} bytes and its text ends at {text_end}: it was cut", name)
    found = _keywords(raw[text_begin : text_end + 1], name)
    more = Keywords(found, name)
    begin, end = (more.number(key, 0) for key in ("$BEGINSTEXT", "$ENDSTEXT"))
    if 0 < begin < end and int(begin) != text_begin:
        found |= _keywords(raw[int(begin) : int(end) + 1], name)
    keywords = Keywords(found, name)
    if keywords.text("$NEXTDATA") not in {"", "0"} and keywords.text("$NEXTDATA").strip("0"):
        refuse("the file holds several data sets; export them one by one", name)
    stated = [(data_begin, data_end), (int(more.number("$BEGINDATA", 0)), int(more.number("$ENDDATA", 0)))]
    data, notes = _data(raw, [one for one in stated if one[0]], size=_size(keywords), after=text_end)
    if data is None:
        refuse(notes[0], name)
    return Segments(keywords, data, notes)


def widths(keywords: Keywords) -> list[int]:
    """Give the bits of each channel."""
    count = keywords.whole("$PAR")
    if not 0 < count <= _MOST_CHANNELS:
        refuse(f"$PAR is {count}; 1 to {_MOST_CHANNELS} channels are read", keywords.name)
    return [keywords.whole(f"$P{n}B") for n in range(1, count + 1)]


def _size(keywords: Keywords) -> int:
    bits = sum(widths(keywords))
    if bits % 8:
        refuse("the widths of the channels make no whole bytes", keywords.name)
    return keywords.whole("$TOT") * bits // 8


def _offset(field: bytes, name: str) -> int:
    text = field.decode("latin-1").strip()
    if text and not WHOLE.fullmatch(text):
        refuse("an offset of the header is not a number", name)
    return int(text or 0)


def _keywords(segment: bytes, name: str) -> dict[str, str]:
    """Split a text segment; the first byte divides, twice in a row it is part of a value."""
    try:
        text = segment.decode("utf-8")
    except UnicodeDecodeError:
        text = segment.decode("latin-1")  # FCS 2.0 and 3.0 say nothing of letters beyond ASCII
    mark = text[:1]
    body = text[1:].rstrip("\0 ")
    if not mark or not body.endswith(mark):
        refuse("the text does not end with the mark that divides it: the file was cut or changed", name)
    parts = body[:-1].replace(mark * 2, "\0").split(mark)
    if len(parts) % 2:
        parts = body[:-1].split(mark)  # empty values, which the standard does not allow and instruments write
    if len(parts) % 2:
        refuse("a keyword of the text has no value", name)
    pairs = [(key.replace("\0", mark).strip().upper(), parts[at * 2 + 1]) for at, key in enumerate(parts[::2])]
    found: dict[str, str] = {}
    for key, value in pairs:
        if key.startswith("$") and found.get(key, value) != value:
            refuse(f"keyword {key} stands twice with different values", name)
        found[key] = value.replace("\0", mark)
    return found


def _data(raw: bytes, stated: list[tuple[int, int]], *, size: int, after: int) -> tuple[bytes | None, tuple[str, ...]]:
    """Give the bytes of the events where one place fits the number of events; else why none does."""
    notes = []
    for begin, end in stated:
        off = end - begin + 1 - size
        if begin <= after < end or off not in {0, 1}:
            notes.append(f"data from {begin} to {end} does not fit {size} bytes of events, or lies within the text")
            continue
        if begin + size > len(raw):
            return None, (f"the file has {len(raw)} bytes and its events end at {begin + size}: it was cut",)
        if off:
            notes.append("the last byte of the data is given as the first one after it")
        others = {one[0] for one in stated} - {begin}
        if others and not notes:
            notes.append("header and text give different places for the data; the first fits")
        return raw[begin : begin + size], tuple(notes)
    return None, ("; ".join(notes) or "the file does not say where its events are",)
