"""What gas, motion and cells make of the liquid in a rocking bag: dissolved oxygen and pH, in closed form.

Oxygen:  goes in at ``kLa (C* - C)``, is breathed at ``q X``; cells change slowly beside that: the steady value holds,
         ``C = C* O2/20.9 - q X / kLa``. kLa rises with rocking rate, angle and gas flow, and is small at rest.
pH:      bicarbonate and CO2 (Henderson-Hasselbalch); lactic acid uses bicarbonate up one to one; CO2 is that of the gas
         and what the cells breathe out.
Control: a device that keeps pH changes CO2, one that keeps oxygen changes O2, each between bounds.
Units:   1/h; % of air saturation; % of the gas; mmol/L; mmHg; mL, g, cells.
Source:  C* 0.21 mmol/L (water at 37 degC under air), pK 6.1, CO2 0.0307 mmol/L per mmHg: textbook values of plasma at
         37 degC. Assumed: q 0.06 pmol per cell and hour, 24 mmol/L bicarbonate, kLa 6 per h at 20/min, 7 deg and
         0.2 L/min and its exponents, 0.9 per h at rest (so that 3 million cells per mL can live there, as at rest
         anywhere); docs/one-world.md lists them.
"""

import math
from dataclasses import dataclass

from fakes.contents import Contents
from fakes.physics.culture import LACTATE, LACTATE_MOLAR

AIR = 20.9  # % O2
SATURATED = 0.21  # mmol/L
BREATHES = 0.06e-9  # mmol O2 per cell and hour
BUFFER = 24.0  # mmol/L of bicarbonate in fresh medium
LEAST_BUFFER = 0.5  # mmol/L that are never used up
PK, SOLUBLE = 6.1, 0.0307  # of CO2; mmol/L per mmHg
PRESSURE = 7.13  # mmHg per % of moist gas
AT_REST = 0.9  # 1/h
MOVED, RATE, ANGLE, FLOW = 6.0, 20.0, 7.0, 0.2  # 1/h at 1/min, deg, L/min
CO2_LEAVES = 0.9  # of kLa
MOST_OXYGEN, MOST_CO2 = 50.0, 15.0  # % that a controller gives


@dataclass(frozen=True, slots=True, kw_only=True)
class Gassing:
    """How a bag is moved and gassed, and what is kept by changing the gas."""

    rate: float  # 1/min
    angle: float  # deg
    flow: float  # L/min
    co2: float  # %
    oxygen: float  # %
    ph: float | None = None
    dissolved: float | None = None  # % of air saturation

    @property
    def kla(self) -> float:
        """Give how fast oxygen goes in (1/h)."""
        moved = math.pow(self.rate / RATE, 1.3) * (self.angle / ANGLE) * math.pow(self.flow / FLOW, 0.2)
        return AT_REST + (MOVED - AT_REST) * moved

    @property
    def densest(self) -> float:
        """Give how many cells per mL get enough oxygen."""
        most = max(self.oxygen, MOST_OXYGEN) if self.dissolved is not None else self.oxygen
        return self.kla * SATURATED * most / AIR / BREATHES / 1000.0


@dataclass(frozen=True, slots=True)
class Liquid:
    """What the culture asks of the gas: air saturations per hour that it breathes, and mmol/L of lactate."""

    breathes: float
    lactate: float

    @property
    def buffer(self) -> float:
        """Give the bicarbonate that is left (mmol/L)."""
        return max(LEAST_BUFFER, BUFFER - self.lactate)


def liquid(contents: Contents) -> Liquid:
    """Give what the contents of a bag ask of the gas; nothing where there is no liquid."""
    litres = float(contents.volume) / 1000.0
    if litres <= 0.0:
        return Liquid(0.0, 0.0)
    breathed = BREATHES * float(contents.live) / litres / SATURATED
    return Liquid(breathed, 1000.0 * contents.solutes.get(LACTATE, 0.0) / LACTATE_MOLAR / litres)


def oxygen_given(gas: Gassing, of: Liquid) -> float:
    """Give the O2 of the gas (%): as set, or as much as keeps the dissolved oxygen."""
    if gas.dissolved is None:
        return gas.oxygen
    return min(MOST_OXYGEN, max(0.0, AIR * (gas.dissolved / 100.0 + of.breathes / gas.kla)))


def dissolved_oxygen(gas: Gassing, of: Liquid) -> float:
    """Give the dissolved oxygen at rest (% of air saturation)."""
    return max(0.0, 100.0 * (oxygen_given(gas, of) / AIR - of.breathes / gas.kla))


def co2_given(gas: Gassing, of: Liquid) -> float:
    """Give the CO2 of the gas (%): as set, or as much as keeps the pH."""
    if gas.ph is None:
        return gas.co2
    wanted = of.buffer / (SOLUBLE * math.pow(10.0, gas.ph - PK))
    return min(MOST_CO2, max(0.0, (wanted - _breathed_out(gas, of)) / PRESSURE))


def ph(gas: Gassing, of: Liquid) -> float:
    """Give the pH at rest."""
    pressure = max(0.1, PRESSURE * co2_given(gas, of) + _breathed_out(gas, of))
    return PK + math.log10(of.buffer / (SOLUBLE * pressure))


def _breathed_out(gas: Gassing, of: Liquid) -> float:
    """Give the CO2 that the cells hold up in the liquid (mmHg); they breathe out as much as in."""
    return of.breathes * SATURATED / (CO2_LEAVES * gas.kla) / SOLUBLE


@dataclass(frozen=True, slots=True)
class Settling:
    """How far a value was from its steady one when something changed, and how fast that fades (1/h)."""

    off: float = 0.0
    since: float = 0.0  # s
    fades: float = 1.0

    def at(self, now: float) -> float:
        """Give how far it is off now (s)."""
        return self.off * math.exp(-self.fades * max(0.0, now - self.since) / 3600.0)
