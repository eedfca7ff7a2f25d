"""Cells in a pulse, in closed form: some die at once, more the longer they wait for medium, some of the rest carry.

Units:  shares of 0 to 1, s.
Source: assumed, so that a recipe and its checks can be run: four of five cells live through a pulse that is followed by
        medium at once, seven of ten of the live ones carry mRNA that was in the cassette, and what waits in the buffer
        of the cassette dies with a time constant of half an hour. Fitted to no laboratory; see docs/one-world.md.
"""

import math
from dataclasses import replace

from automation.kernel.quantity import Cells, Seconds
from fakes.contents import Contents

CARGO = "mRNA"
SURVIVES, ARC_SURVIVES = 0.80, 0.45
CARRIES_SHARE, ARC_CARRIES = 0.70, 0.20
WAITS = 1800.0  # s, time constant of dying in the buffer after the pulse
CARRIES = "CAR+"


def pulsed(there: Contents, *, arc: bool = False) -> Contents:
    """Give what a cassette holds after a pulse; ``arc``: it discharged in between."""
    lives = ARC_SURVIVES if arc else SURVIVES
    carries = (ARC_CARRIES if arc else CARRIES_SHARE) if there.particles.get(CARGO, 0.0) > 0.0 else 0.0
    after = _fewer(there, lives)
    return replace(after, subsets=_carrying(after, carries))


def waited(there: Contents, seconds: Seconds) -> Contents:
    """Give what is left alive after so long in the buffer."""
    return _fewer(there, math.exp(-float(seconds) / WAITS))


def _fewer(there: Contents, share: float) -> Contents:
    live = Cells(float(there.live) * share)
    return there.with_cells(there, live=live, dead=there.dead + (there.live - live))


def _carrying(there: Contents, share: float) -> dict[str, float]:
    """Let a share of each kind of T and NK cells carry the cargo."""
    found = dict[str, float]()
    for name, n in there.subsets.items():
        takes = share if name.startswith(("CD3+", "CD56+")) and not name.endswith(CARRIES) else 0.0
        found[name] = found.get(name, 0.0) + n * (1.0 - takes)
        if takes:
            found[name + CARRIES] = found.get(name + CARRIES, 0.0) + n * takes
    return found
