"""Events of an FCS file as linear channel values, and what the file says of its tube.

Units:  linear values after gain ($PnG) and logarithmic amplification ($PnE); time in s where $TIMESTEP is stated.
Source: ISAC, FCS 3.1 (2010), 3.2.18-3.2.20 ($PnE, $PnG, $PnR), 3.2.12 ($DATATYPE), 3.2.4 ($SPILLOVER); ``SPILL`` and
        ``$COMP`` in older files: the first is read, the second refused, because its channels are not named.
"""

import re
from dataclasses import dataclass

import numpy as np

from automation.formulas.cytometry import Events, Spill, Values
from instruments.drivers.fcs.wire.segments import WHOLE as DIGITS
from instruments.drivers.fcs.wire.segments import Keywords, Segments, read, refuse, widths

ORDERS = {"1,2,3,4": "<", "4,3,2,1": ">", "1,2": "<", "2,1": ">"}
FLOATS = {"F": (32, "f4"), "D": (64, "f8")}
WHOLE = {8: "u1", 16: "u2", 32: "u4"}
REPLACED = b"\xef\xbf\xbd"  # what a program writes that takes bytes for UTF-8 text
_CONVERTED = 1e-3  # share of the data beyond which that is no chance: by chance it is 6e-8
SPILLS = ("$SPILLOVER", "SPILL", "$SPILL")
SAMPLES = ("$SMNO", "SAMPLE ID", "TUBE NAME", "TUBE_NAME", "$SRC")
_DAY = re.compile(r"(\d{1,2})-([A-Z]{3})-(\d{4})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:[:.]\d+)?")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tube:
    """One tube: its events and what the file says of it."""

    events: Events
    keywords: Keywords
    analysed: str  # as written
    analysed_local: str  # ISO 8601 without zone; empty where the year has two digits
    instrument: str
    notes: tuple[str, ...]
    error: str = ""  # why nothing of it can be trusted

    def sample(self, keyword: str = "") -> str:
        """Give the sample by the keyword that the site uses, else by the first usual one."""
        keys = (keyword.upper(),) if keyword else SAMPLES
        return next((found for key in keys if (found := self.keywords.text(key))), "")


def tube(raw: bytes, *, name: str = "file") -> Tube:
    """Read a whole file; raises InputError for what is not understood or contradicts itself."""
    segments = read(raw, name=name)
    keywords = segments.keywords
    if keywords.needed("$MODE") != "L":
        refuse("$MODE is not L: only list-mode events are read", name)
    with np.errstate(all="ignore"):  # what is no number afterwards is refused by the events
        values = _scaled(_numbers(segments), keywords)
    channels = tuple(keywords.needed(f"$P{n}N") for n in range(1, values.shape[1] + 1))
    markers = {channel: keywords.text(f"$P{n}S") for n, channel in enumerate(channels, 1)}
    spill = _spill(keywords)
    end = keywords.text("$ETIM") or keywords.text("$BTIM")
    written = f"{keywords.text('$DATE')} {end}".strip()
    converted = segments.data.count(REPLACED) * len(REPLACED) > _CONVERTED * max(len(segments.data), 3 * len(REPLACED))
    return Tube(
        events=Events(channels, values, markers, spill),
        keywords=keywords,
        analysed=written,
        analysed_local=_local(keywords.text("$DATE"), end),
        instrument=" ".join(one for one in (keywords.text("$CYT"), keywords.text("$CYTSN")) if one),
        notes=(*segments.notes, *_notes(keywords, spill)),
        error="a program has taken the events for text and changed them; copy the file again" if converted else "",
    )


def _notes(keywords: Keywords, spill: Spill | None) -> tuple[str, ...]:
    idle = ("the spill matrix compensates nothing",) if spill is not None and spill.idle else ()
    return idle if _step_known(keywords) else (*idle, "the file does not say in what steps its time is counted")


def _numbers(segments: Segments) -> Values:
    """Give the numbers as stored; integers of 8, 16 and 32 bits may stand side by side."""
    keywords, kind = segments.keywords, segments.keywords.needed("$DATATYPE")
    order = ORDERS.get(keywords.needed("$BYTEORD"))
    if order is None:
        refuse(f"$BYTEORD is not one of {', '.join(ORDERS)}", keywords.name)
    bits = widths(keywords)
    if kind in FLOATS:
        wide, code = FLOATS[kind]
        if set(bits) != {wide}:
            refuse(f"$DATATYPE is {kind} and not every channel has {wide} bits", keywords.name)
        stored = np.frombuffer(segments.data, dtype=f"{order}{code}").reshape(-1, len(bits))
        return stored.astype(np.float64)
    if kind != "I" or not set(bits) <= set(WHOLE):
        refuse("$DATATYPE is not I with 8, 16 or 32 bits, F or D", keywords.name)
    row = np.dtype([(f"c{n}", f"{order}{WHOLE[width]}") for n, width in enumerate(bits)])
    rows = np.frombuffer(segments.data, dtype=row)
    columns = [rows[f"c{n}"] & (_mask(keywords, n + 1) & (1 << width) - 1) for n, width in enumerate(bits)]
    return np.column_stack(columns).astype(np.float64)


def _mask(keywords: Keywords, channel: int) -> int:
    """Give the bits that count: instruments put marks above the range."""
    top = keywords.whole(f"$P{channel}R")
    return (1 << (max(top, 2) - 1).bit_length()) - 1


def _scaled(values: Values, keywords: Keywords) -> Values:
    """Give linear values: out of the logarithm, divided by the gain, time in its steps."""
    for n in range(1, values.shape[1] + 1):
        column = values[:, n - 1]
        parts = (keywords.text(f"$P{n}E") or "0,0").split(",")
        try:
            decades, lowest = (float(part) for part in parts)
        except ValueError:
            refuse(f"$P{n}E is not two numbers", keywords.name)
        gain, step = keywords.number(f"$P{n}G", 1.0), 1.0
        if keywords.needed(f"$P{n}N").lower() == "time" and _step_known(keywords):
            step = keywords.number("$TIMESTEP", 1.0)
        if decades > 0:
            column = 10 ** (decades * column / keywords.number(f"$P{n}R", 0.0)) * (lowest or 1.0)
        values[:, n - 1] = column * step / (gain or 1.0)
    return values


def _step_known(keywords: Keywords) -> bool:
    """Tell whether the file says in what steps time is counted."""
    return re.fullmatch(r"\d{0,15}\.?\d{1,15}(?:[eE]-?\d{1,3})?", keywords.text("$TIMESTEP")) is not None


def _spill(keywords: Keywords) -> Spill | None:
    if keywords.text("$COMP"):
        refuse("$COMP names no channels, so its matrix can't be used; export with $SPILLOVER", keywords.name)
    text = next((found for key in SPILLS if (found := keywords.text(key))), "")
    if not text:
        return None
    count, *rest = [part.strip() for part in text.split(",")]
    size = int(count) if DIGITS.fullmatch(count) else 0
    names, figures = rest[:size], rest[size:]
    if not size or len(figures) != size * size:
        refuse("the spill matrix does not have as many figures as its number of channels asks for", keywords.name)
    try:
        matrix = np.array([float(figure) for figure in figures]).reshape(size, size)
    except ValueError:
        refuse("a figure of the spill matrix is not a number", keywords.name)
    return Spill(tuple(names), matrix)


def _local(day: str, clock: str) -> str:
    """Give the local time; empty where a part is missing or the century has to be guessed."""
    date, time = _DAY.fullmatch(day.upper()), _CLOCK.fullmatch(clock)
    if date is None or time is None or date[2] not in _MONTHS:
        return ""
    month = _MONTHS.index(date[2]) + 1
    return f"{date[3]}-{month:02d}-{int(date[1]):02d}T{int(time[1]):02d}:{time[2]}:{time[3]}"
