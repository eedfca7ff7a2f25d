"""What is in a container: volume, mass, cells and solutes, all of which only ever move from one container to another.

Amounts add up and split without loss, so that a whole plant closes its balances to rounding. ``subsets`` tells the
live cells apart by their markers as far as the site names them (``CD3+CD4+``, ``CD56+``); ``particles`` are numbers of
what is neither cell nor solute: platelets, red cells, beads, transducing units of a vector.
Units:  mL, g, cells; solutes in g. Volumes are taken as additive (a model: mixing water and DMSO shrinks by up to 3 %).
Source: density of DMSO 1.10 g/mL (20 degC); the other liquids are given by the site file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from automation.kernel.quantity import Cells, Grams, Millilitres

DMSO = "dmso"
DMSO_DENSITY = 1.10  # g/mL
DENSITY = 1.05  # g/mL, of a formulated product
ROUNDING = 1e-9  # share of an amount (of one unit below that)


@dataclass(frozen=True, slots=True)
class Contents:
    """Amounts of everything in one container; a value, changed only by replacing it."""

    volume: Millilitres = Millilitres(0.0)
    live: Cells = Cells(0.0)
    dead: Cells = Cells(0.0)
    mass: Grams = Grams(0.0)
    solutes: Mapping[str, float] = field(default_factory=dict)  # g of each
    subsets: Mapping[str, float] = field(default_factory=dict)  # live cells of each; together at most ``live``
    particles: Mapping[str, float] = field(default_factory=dict)  # number of each

    def __add__(self, other: "Contents") -> "Contents":
        """Give what is there when both are in one container."""
        return Contents(
            self.volume + other.volume,
            self.live + other.live,
            self.dead + other.dead,
            self.mass + other.mass,
            summed(self.solutes, other.solutes),
            summed(self.subsets, other.subsets),
            summed(self.particles, other.particles),
        )

    def __sub__(self, other: "Contents") -> "Contents":
        """Give what is left when ``other`` is taken out."""
        return self + other.times(-1.0)

    def times(self, factor: float) -> "Contents":
        """Give a share of everything."""
        return Contents(
            self.volume * factor,
            self.live * factor,
            self.dead * factor,
            self.mass * factor,
            scaled(self.solutes, factor),
            scaled(self.subsets, factor),
            scaled(self.particles, factor),
        )

    def taken(self, volume: Millilitres, *, cells: float = 1.0) -> "Contents":
        """Give what comes along with a volume (mL, at most all); ``cells`` is their share against an even mixture."""
        part = min(1.0, float(volume) / float(self.volume)) if float(self.volume) > 0.0 else 0.0
        even = self.times(part)
        share = min(1.0, part * cells)
        return even.with_cells(self, live=self.live * share, dead=self.dead * share)

    def with_cells(self, of: "Contents", *, live: Cells, dead: Cells) -> "Contents":
        """Give this with other cells: so many, of the subsets that ``of`` has."""
        return replace(self, live=live, dead=dead, subsets=of.subsets_in(live))

    def subsets_in(self, live: Cells) -> Mapping[str, float]:
        """Give the subsets among so many of the live cells, evenly taken."""
        if not self.subsets or not float(self.live):
            return {}
        return scaled(self.subsets, float(live) / float(self.live))

    def lacks(self, amounts: "Contents") -> str:
        """Name what can't be taken out of here, with how much: more than there is, or less than nothing.

        Empty when all can; a share of ``ROUNDING`` more than there is counts as rounding.
        """
        named = (
            ("g", amounts.solutes, self.solutes),
            ("live cells", amounts.subsets, self.subsets),
            ("pieces", amounts.particles, self.particles),
        )
        pairs = [
            ("mL", float(amounts.volume), float(self.volume)),
            ("live cells", float(amounts.live), float(self.live)),
            ("dead cells", float(amounts.dead), float(self.dead)),
            ("g", float(amounts.mass), float(self.mass)),
            *(
                (f"{unit} of {name}", taken.get(name, 0.0), there.get(name, 0.0))
                for unit, taken, there in named
                for name in dict.fromkeys((*there, *taken))
            ),
        ]
        for unit, taken, there in pairs:
            rounding = ROUNDING * max(1.0, abs(there))
            if not -rounding <= taken <= there + rounding:
                return f"{taken:g} of {there:g} {unit}"
        return ""

    @property
    def cells(self) -> Cells:
        """Give all cells, live and dead."""
        return self.live + self.dead

    @property
    def viability(self) -> float:
        """Give the share of live cells (0 to 1); 0 without cells."""
        return float(self.live) / float(self.cells) if float(self.cells) else 0.0

    @property
    def dmso(self) -> float:
        """Give DMSO as a share of the volume (0 to 1)."""
        grams = self.solutes.get(DMSO, 0.0)
        return grams / DMSO_DENSITY / float(self.volume) if float(self.volume) else 0.0


def summed(one: Mapping[str, float], other: Mapping[str, float]) -> Mapping[str, float]:
    """Give the sums of amounts by name."""
    if not other:
        return one
    if not one:
        return other
    names = dict.fromkeys((*one, *other))
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in names}


def scaled(amounts: Mapping[str, float], factor: float) -> Mapping[str, float]:
    """Give a share of amounts by name."""
    return {name: amount * factor for name, amount in amounts.items()} if amounts else amounts


LIGHT = frozenset({"platelets", "vector"})
"""Particles that stay in the supernatant where cells settle; all others (red cells, beads) go with the cells."""


def settled(particles: Mapping[str, float], *, light: float, heavy: float) -> Mapping[str, float]:
    """Give what comes along of particles where the light ones leave by another share than the heavy ones."""
    return {name: number * (light if name in LIGHT else heavy) for name, number in particles.items()}


def filled(
    volume: Millilitres,
    *,
    live: Cells = Cells(0.0),
    dead: Cells = Cells(0.0),
    dmso: float = 0.0,
    density: float = DENSITY,
) -> Contents:
    """Give a liquid of one density (g/mL) with cells and DMSO (a share of the volume)."""
    solutes = {DMSO: dmso * float(volume) * DMSO_DENSITY} if dmso else {}
    return Contents(volume, live, dead, Grams(float(volume) * density), solutes)
