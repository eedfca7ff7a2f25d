"""Product in its container: a lumped enthalpy model with supercooling, nucleation and a freezing range.

``C(T) dT/dt = UA (Tc - T)``. Liquid: ``C = m cl + mc``. At the nucleation temperature ice forms by an adiabatic jump:
``(m cl + mc)(Teq - Tn) = L mw x(Teq)``. Then ``C = m(cl(1-x) + cs x) + mc + L mw xm |Tf| / T^2`` with the ice share of
the water ``x(T) = xm (1 - Tf/T)``, T in degC below Tf. Explicit steps of 1 s; the shortest time constant is 145 s.
Units:  degC, s, g, J, W; ``shell`` is the heat capacity of container and cassette.
Survival: 0.92 of the live cells, times 0.8 after freezing faster than 5 K/min and slow thawing, times 0.9 where ice
formed below -15 degC: design defaults, of the published kind (slow freezing makes the rate of warming irrelevant).
Source: docs/freezer-physics.md lists each constant and what it was checked against.
"""

import math
from dataclasses import dataclass

from fakes.physics.trace import SETTLED, Piece

DENSITY = 1.05  # g/mL
LIQUID, SOLID = 3.9, 2.0  # J/(g K), of the product
FUSION = 333.0  # J/g
WATER = 0.86  # share of the mass
MOST_ICE = 0.90  # share of the water
FREEZING = -3.5  # degC, with 10 % DMSO
NUCLEATION = (-10.0, -6.0, -7.5)  # degC: lowest, highest, most likely
BAND = (-10.0, -40.0)  # degC, between which the rate of freezing matters
BAND_SPAN = 30.0 * 60.0  # K s/min: divided by a rate (K/min) the seconds in the band
FASTEST, SLOW_THAW = 5.0, 20.0  # K/min: faster freezing and slower thawing together cost cells
SURVIVES, SURVIVES_FAST, SURVIVES_DEEP = 0.92, 0.8, 0.9  # share of live cells; when fast; when ice formed too deep
DEEPEST = -15.0  # degC
CONTACT = 2.0 / 1.2  # times the heat that air brings, on a warm plate or in a bath: 2 W/K for a bag of 50 mL


@dataclass(frozen=True, slots=True)
class Vessel:
    """A kind of container: usual fill (mL), heat transfer (W/K), heat capacity of what is not product (J/K).

    ``empty`` is the mass (g) of the container alone, ``holds`` what goes in (mL).
    """

    fill: float
    transfer: float
    shell: float
    empty: float
    holds: float


VESSELS = {
    "vial": Vessel(1.8, 0.04, 2.0, 4.2, 2.3),
    "bag20": Vessel(20.0, 0.9, 150.0, 12.0, 30.0),
    "bag50": Vessel(50.0, 1.2, 150.0, 16.0, 75.0),
    "bag150": Vessel(100.0, 2.0, 20.0, 18.0, 200.0),
    "bag300": Vessel(180.0, 2.5, 25.0, 24.0, 350.0),
    "bag600": Vessel(400.0, 4.0, 30.0, 28.0, 750.0),
    "bag3000": Vessel(2000.0, 8.0, 60.0, 60.0, 3500.0),
    "flask": Vessel(800.0, 5.0, 60.0, 210.0, 1100.0),
    "jar": Vessel(30.0, 0.8, 40.0, 45.0, 120.0),
    "bottle": Vessel(100.0, 1.0, 60.0, 95.0, 1200.0),
    "tube": Vessel(0.5, 0.03, 1.0, 1.1, 2.0),
    "trough": Vessel(20.0, 0.5, 20.0, 25.0, 200.0),
    "tip": Vessel(0.5, 0.02, 0.5, 0.9, 1.1),
    "chamber": Vessel(10.0, 0.5, 50.0, 120.0, 60.0),
}
"""The first three are calibrated (docs/freezer-physics.md); the others only need to be plausible on a bench."""


class Product:
    """The law by which a filled container follows the air around it."""

    def __init__(self, vessel: Vessel, volume: float, nucleates: float | None) -> None:
        """Fill ``volume`` (mL); ``nucleates`` (degC) is None when no ice ever forms."""
        self._mass = DENSITY * volume
        self._transfer = vessel.transfer
        self._shell = vessel.shell
        self.nucleates = nucleates
        self.contact = 1.0  # times the heat transfer of the vessel, where it stands now
        self.frozen = False
        self.nucleated_at: float | None = None  # degC, of the last nucleation
        self.thaws = 0  # times that all ice was gone again
        self._cooled = self._warmed = 0  # s from -10 to -40 degC and back, of the last freezing

    def fill(self, volume: float) -> None:
        """Hold another volume (mL) from now on."""
        self._mass = DENSITY * volume

    def follow(self, own: float, around: Piece) -> list[float]:
        """Follow the air; ends early once a constant surrounding is reached."""
        out: list[float] = []
        values = around.each()
        constant = around.constant
        transfer = self._transfer * self.contact
        liquid = transfer / (self._mass * LIQUID + self._shell)
        ice = FUSION * self._mass * WATER * MOST_ICE * -FREEZING
        wet, thaw = self._mass * LIQUID + self._shell, self._mass * MOST_ICE * (SOLID - LIQUID)
        for air in values:
            gap = air - own
            if -SETTLED < gap < SETTLED:
                if constant:
                    break
            elif not self.frozen:
                own += liquid * gap
                if self.nucleates is not None and own <= self.nucleates:
                    own = self._jump(own)
            else:
                own += transfer * gap / (wet + thaw * (1.0 - FREEZING / own) + ice / (own * own))
                if own >= FREEZING:
                    self.frozen = False
                    self.thaws += 1
            out.append(own)
        if out and out[0] != out[-1] and min(out[0], out[-1]) < BAND[0] and max(out[0], out[-1]) > BAND[1]:
            self._cross(out)
        return out

    @property
    def survival(self) -> float:
        """Give the share of live cells that survive the last freezing and its thaw."""
        deep = self.nucleated_at is not None and self.nucleated_at < DEEPEST
        fast = 0 < self._cooled < BAND_SPAN / FASTEST and self._warmed > BAND_SPAN / SLOW_THAW
        return SURVIVES * (SURVIVES_DEEP if deep else 1.0) * (SURVIVES_FAST if fast else 1.0)

    def _cross(self, values: list[float]) -> None:
        """Count how long the product is in the band of temperatures in which the rate matters."""
        inside = sum(BAND[1] < value < BAND[0] for value in values)
        if values[-1] < values[0]:
            self._cooled += inside
        else:
            self._warmed += inside

    def _jump(self, at: float) -> float:
        """Form ice at once and give the temperature that its heat leads to."""
        self.frozen, self.nucleated_at = True, at
        self._cooled = self._warmed = 0
        body = self._mass * LIQUID + self._shell
        heat = FUSION * self._mass * WATER * MOST_ICE
        b = body * at + heat
        return (b - math.sqrt(b * b - 4.0 * body * heat * FREEZING)) / (2.0 * body)
