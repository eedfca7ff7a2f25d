"""How documents write times, digests, names and numbers of events."""

from collections.abc import Iterable

from automation.views.record import BatchRecord
from automation.views.wording import NOTHING, is_person

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


def names(record: BatchRecord, ids: Iterable[str]) -> str:
    """Write persons with printed name and account; the program by its own name."""
    known = {person.id: person.name for person in record.people}
    written = [f"{known[one]} ({one})" if one in known else one for one in ids]
    return ", ".join(written) or NOTHING


def principal(record: BatchRecord, one: str) -> str:
    """Write who acted: the printed name of a person, the name of a part of the program."""
    return names(record, (one,)) if is_person(one) else one or NOTHING


def events(seqs: Iterable[int]) -> str:
    """Write numbers of events, runs drawn together: ``12, 14-16``."""
    runs: list[list[int]] = []
    for seq in sorted(set(seqs)):
        if runs and seq == runs[-1][1] + 1:
            runs[-1][1] = seq
        else:
            runs.append([seq, seq])
    return ", ".join(str(low) if low == high else f"{low}\N{EN DASH}{high}" for low, high in runs) or NOTHING
