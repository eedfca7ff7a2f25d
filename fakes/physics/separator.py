"""Separating cells by their markers, in closed form: what comes out with the wanted cells.

Units:  cells, mL; shares are 0 to 1.
Source: purity 98 +/- 4 % and recovery 55 +/- 6 % published for one device; dead cells carried over at 0.3 of the live
        ones' recovery: a usual default. What comes along of the old medium is assumed.
"""

from dataclasses import replace

from automation.kernel.quantity import Cells, Millilitres
from fakes.contents import Contents

RECOVERY, RECOVERY_SPREAD = 0.55, 0.06
PURITY, PURITY_SPREAD = 0.98, 0.01
DEAD = 0.3  # of the recovery
CARRIED = 0.5  # mL of old medium
DEPLETED = 3.5e-4  # share of the unwanted cells that is left after a depletion; assumed
FLOWN = 0.85  # share of all others that flows through; assumed


def depleted(contents: Contents, targets: tuple[str, ...], *, recovery: float, left: float) -> Contents:
    """Give what flows through when the cells whose markers hold one of ``targets`` are held back but for ``left``."""
    held = [name for name in contents.subsets if any(one in name for one in targets)]
    subsets = {name: n * (left if name in held else recovery) for name, n in contents.subsets.items()}
    named = sum(contents.subsets.values())
    live = sum(subsets.values()) + (float(contents.live) - named) * recovery
    part = contents.times(min(1.0, CARRIED / float(contents.volume)) if float(contents.volume) else 0.0)
    return replace(part, live=Cells(live), dead=contents.dead * recovery, subsets=subsets)


def selected(contents: Contents, targets: tuple[str, ...], *, recovery: float, purity: float) -> Contents:
    """Give what leaves a source with the cells whose markers hold one of ``targets``; liquid is a little of its own."""
    wanted = {name: n * recovery for name, n in contents.subsets.items() if any(one in name for one in targets)}
    others = {name: n for name, n in contents.subsets.items() if name not in wanted}
    live, rest = sum(wanted.values()), sum(others.values())
    stray = min(1.0, live * (1.0 - purity) / purity / rest) if rest else 0.0
    subsets = {**wanted, **{name: n * stray for name, n in others.items()}}
    share = min(1.0, CARRIED / float(contents.volume)) if float(contents.volume) else 0.0
    part = contents.times(share)
    dead = float(contents.dead) * DEAD * recovery
    return replace(
        part,
        volume=Millilitres(float(contents.volume) * share),
        live=Cells(sum(subsets.values())),
        dead=Cells(dead),
        subsets=subsets,
    )
