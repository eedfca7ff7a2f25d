"""A reference curve of a freezing bag for the tests: the lumped enthalpy model, integrated at 1 s.

Source: lumped enthalpy equation with an ideal chamber; 10 % DMSO, 1.05 g/mL, water 0.86, freezing point -3.5 degC.
"""

from collections.abc import Sequence

from automation.formulas.curves import Point
from automation.kernel.quantity import Celsius, Seconds

COMP = ((4, 1, 600), (-8, 1, 0), (-45, 25, 0), (-18, 10, 0), (-45, 1, 0), (-90, 10, 0), (-90, 1, 600))
LIN = ((4, 1, 600), (-40, 1, 0), (-90, 10, 0), (-90, 1, 600))
VIAL = (1.8, 0.04, 2.0)
BAG_20 = (20.0, 0.9, 150.0)
BAG_50 = (50.0, 1.2, 150.0)

_FREEZING, _LIQUID, _ICE, _LATENT, _WATER, _MOST = -3.5, 3.9, 2.0, 333.0, 0.86, 0.90


def chamber(program: Sequence[tuple[float, float, float]], start: float = 4.0) -> list[float]:
    """Give the chamber (degC) each second; segments are target (degC), rate (K/min), dwell (s)."""
    line, now = [start], start
    for target, rate, dwell in program:
        while abs(target - now) > rate / 60.0:
            now += rate / 60.0 if target > now else -rate / 60.0
            line.append(now)
        now = target
        line += [now] * max(1, int(dwell))
    return line


def sample(line: Sequence[float], product: tuple[float, float, float], nucleates: float = -7.5) -> list[float]:
    """Give the product (degC) each second; it supercools to ``nucleates`` before ice forms."""
    volume, conductance, cassette = product
    mass, now, frozen = volume * 1.05, line[0], False
    curve = []
    for air in line:
        curve.append(now)
        if not frozen and now <= nucleates:
            now, frozen = _equilibrium(mass, cassette, now), True
        now += conductance * (air - now) / _capacity(mass, cassette, now, frozen=frozen)
    return curve


def points(
    program: Sequence[tuple[float, float, float]], product: tuple[float, float, float], **how: float
) -> list[Point]:
    """Give the whole curve, one point each ``every`` s."""
    every = int(how.pop("every", 5))
    line = chamber(program)
    both = list(zip(line, sample(line, product, **how), strict=True))
    return [Point(Seconds(float(at)), Celsius(both[at][0]), Celsius(both[at][1])) for at in range(0, len(both), every)]


def _ice(now: float) -> float:
    return _MOST * (1.0 - _FREEZING / now) if now < _FREEZING else 0.0


def _capacity(mass: float, cassette: float, now: float, *, frozen: bool) -> float:
    if not frozen or now >= _FREEZING:
        return mass * _LIQUID + cassette
    ice = _ice(now)
    latent = _LATENT * mass * _WATER * _MOST * abs(_FREEZING) / now**2
    return mass * (_LIQUID * (1 - ice) + _ICE * ice) + cassette + latent


def _equilibrium(mass: float, cassette: float, cold: float) -> float:
    low, high = cold, _FREEZING
    for _ in range(60):
        middle = (low + high) / 2
        gained = (mass * _LIQUID + cassette) * (middle - cold)
        low, high = (middle, high) if gained < _LATENT * mass * _WATER * _ice(middle) else (low, middle)
    return low
