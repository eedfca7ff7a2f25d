"""Names of operations that people write: one that is written wrongly would bind nobody, and nobody would be told.

Other work has names, too (a training for UN3373, one for a qualification), so a name is refused only when it is almost
that of an installed operation.
Source: 21 CFR 211.25(a) (trained in the operations that one performs), 211.100(a); EU GMP Annex 11, 6.
"""

import difflib
from collections.abc import Iterable

from automation.gmp.objects import Site
from automation.kernel.errors import RefusedError

_ALIKE = 0.8  # share of letters in common, from which on it was meant


def check_operations(names: Iterable[str], site: Site, *, where: str) -> None:
    """Raise RefusedError for a name that is almost that of an operation; ``where`` begins the sentence."""
    for name in names:
        if name in site.operations:
            continue
        close = difflib.get_close_matches(name, sorted(site.operations), n=1, cutoff=_ALIKE)
        if close:
            raise RefusedError(f"{where} names operation {name!r}, which is none here; did you mean {close[0]!r}?")
