"""How documents write times, digests, names and numbers of events."""

import re
from collections.abc import Iterable

from automation.views.record import BatchRecord
from automation.views.wording import NOTHING, is_person

_DIGEST = re.compile(r"\b[0-9a-f]{32,}\b")
_RUN = re.compile(r"[^\s]{64,}")
_RUNS = 4  # of events that are told one by one
_SHORT = 12  # hex digits that tell two digests apart for a reader


def moment(iso: str) -> str:
    """Shorten ISO 8601 with milliseconds to seconds, the offset kept: ``2026-11-22 09:00:00 +01:00``."""
    if not iso:
        return NOTHING
    date, _, rest = iso.partition("T")
    return f"{date} {rest[:8]} {rest[12:]}"


def digest(text: str) -> str:
    """Shorten a digest."""
    return f"{text[:_SHORT]}…" if len(text) > _SHORT else text or NOTHING


def brief(text: str, most: int = 420, *, counted: bool = True) -> str:
    """Cut what no page can hold: digests, long runs without a blank, long texts; the whole stands in the JSON.

    ``counted`` says so in each cell, with its length; else the page has to.
    """
    text = _DIGEST.sub(lambda found: digest(found.group()), text)
    text = _RUN.sub(lambda found: f"{found.group()[:24]}… ({len(found.group())} characters)", text)
    if len(text) <= most:
        return text
    return f"{text[:most]} … ({len(text)} characters, whole in the JSON)" if counted else f"{text[:most]} …"


def names(record: BatchRecord, ids: Iterable[str]) -> str:
    """Write persons with printed name and account; the program by its own name."""
    known = {person.id: person.name for person in record.people}
    written = [f"{known[one]} ({one})" if one in known else one for one in ids]
    return ", ".join(written) or NOTHING


def principal(record: BatchRecord, one: str) -> str:
    """Write who acted: the printed name of a person, the name of a part of the program."""
    return names(record, (one,)) if is_person(one) else one or NOTHING


def events(seqs: Iterable[int]) -> str:
    """Write numbers of events, runs drawn together: ``12, 14-16``; of many the first, the last and their number."""
    every = sorted(set(seqs))
    runs: list[list[int]] = []
    for seq in every:
        if runs and seq == runs[-1][1] + 1:
            runs[-1][1] = seq
        else:
            runs.append([seq, seq])
    if len(runs) > _RUNS:
        return f"{every[0]} … {every[-1]} ({len(every)} events)"
    return ", ".join(str(low) if low == high else f"{low}\N{EN DASH}{high}" for low, high in runs) or NOTHING
