"""Which name was perhaps meant: said where something is named that is not there.

Units:  none.
Source: design rule: an error names what was given and what is allowed.
"""

import difflib
from collections.abc import Sequence

_FEW = 20  # names that a refusal gives
_COMPARED = 2000  # names, the last ones, among which the one that was meant is looked for


def nearest(name: str, names: Sequence[str]) -> str:
    """Say which name was perhaps meant and which there are: all where they are few, else the last ones."""
    close = difflib.get_close_matches(name, names[-_COMPARED:], n=1, cutoff=0.6) if len(names) > _FEW else []
    meant = f"did you mean {close[0]!r}? " if close else ""
    left_out = f"{len(names) - _FEW} more, and the last: " if len(names) > _FEW else ""
    return f"{meant}known: {left_out}{', '.join(names[-_FEW:]) or 'none'}"
