"""Spinning down by hand in closed form: what stays with the pellet when the supernatant is taken off.

Units:  shares are 0 to 1; g (times gravity), min.
Source: loss on transfer 3 % and per cycle 3 %, dead cells taken off first so that viability rises about 1 % a cycle up
        to 98 %: usual defaults for batch washing, fitted to no laboratory; the dose that pellets is assumed.
"""

import math
from dataclasses import replace

from automation.kernel.quantity import Cells
from fakes.contents import Contents, settled

TRANSFER, CYCLE = 0.03, 0.03  # share of the cells that is lost
DEAD_CYCLE = 0.15  # share of the dead cells that goes with each supernatant
BEST = 0.98  # viability above which no more dead cells than live ones are lost
PELLETS = 500.0  # g min after which 1/e of the cells is still in suspension
DIES = 1.0e-7  # share of live cells that die per g and minute
TUBES = 0.01  # share of the liquid that stays in the source bag on transfer


def transferred(contents: Contents, *, spread: float) -> Contents:
    """Give what leaves a source bag for the centrifuge containers; ``spread`` varies the loss."""
    lost = min(0.2, TRANSFER * spread)
    liquid = contents.times(1.0 - TUBES)
    kept = 1.0 - lost
    return liquid.with_cells(contents, live=contents.live * kept, dead=contents.dead * kept)


def supernatant(contents: Contents, volume: float, *, dose: float, spread: float) -> Contents:
    """Give what comes along when a volume (mL) is taken off; ``dose`` is force times time (g min)."""
    part = min(1.0, volume / float(contents.volume)) if float(contents.volume) else 0.0
    floating = math.exp(-dose / PELLETS)
    lost = min(0.2, CYCLE * spread)
    dead = max(lost, DEAD_CYCLE) if contents.viability < BEST else lost
    heavy = part * max(lost, floating)
    even = replace(contents.times(part), particles=settled(contents.particles, light=part, heavy=heavy))
    return even.with_cells(
        contents,
        live=Cells(float(contents.live) * heavy),
        dead=Cells(float(contents.dead) * part * max(dead, floating)),
    )
