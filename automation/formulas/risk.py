"""Risk of a failure: risk priority number and action priority, from severity, occurrence and detection (1 to 10 each).

1 is best in all three: no effect, never, always seen. The action priority is a table, not a formula; it is kept here as
bands of ratings, and the test compares all 1,000 combinations with the table cell by cell.
Source: AIAG & VDA FMEA Handbook, 1st edition 2019, action priority for design and process FMEA (the same table;
        from secondary sources: docs/sources.md); RPN as in IEC 60812:2018 annex B; ICH Q9(R1) 5.1 and 5.3 (formality
        and subjectivity of ratings).
"""

from enum import StrEnum

from automation.kernel.errors import InputError

BEST, WORST = 1, 10


class Priority(StrEnum):
    """How urgent an action is; HIGH needs one, or a reason why the controls are enough."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


_RATINGS = {"H": Priority.HIGH, "M": Priority.MEDIUM, "L": Priority.LOW}
_DETECTION = (7, 5, 2, 1)  # least rating of each column
_OCCURRENCE = (8, 6, 4, 2, 1)  # least rating of each row
_TABLE = {  # by least severity; rows by occurrence, letters by detection, the worst first
    9: ("HHHH", "HHHH", "HHHM", "HMLL", "LLLL"),
    7: ("HHHH", "HHHM", "HMMM", "MMLL", "LLLL"),
    4: ("HHMM", "MMML", "MLLL", "LLLL", "LLLL"),
    2: ("MMLL", "LLLL", "LLLL", "LLLL", "LLLL"),
    1: ("LLLL", "LLLL", "LLLL", "LLLL", "LLLL"),
}


def rpn(*, severity: int, occurrence: int, detection: int) -> int:
    """Give the risk priority number, 1 to 1,000; raises InputError for a rating that is none."""
    _check(severity=severity, occurrence=occurrence, detection=detection)
    return severity * occurrence * detection


def action_priority(*, severity: int, occurrence: int, detection: int) -> Priority:
    """Give the action priority; raises InputError for a rating that is none."""
    _check(severity=severity, occurrence=occurrence, detection=detection)
    rows = _TABLE[next(least for least in _TABLE if severity >= least)]
    row = next(place for place, least in enumerate(_OCCURRENCE) if occurrence >= least)
    column = next(place for place, least in enumerate(_DETECTION) if detection >= least)
    return _RATINGS[rows[row][column]]


def _check(**ratings: int) -> None:
    for name, value in ratings.items():
        if not BEST <= value <= WORST:
            raise InputError(f"{name} is {value}; {BEST} to {WORST} is allowed")
