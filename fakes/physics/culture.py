"""Cells in culture, in closed form: growth after a stimulus, death, what they eat, and what a vector does to them.

Growth: after a lag, logistic, ``L(t) = K L0 e^(mu t) / (K + L0 (e^(mu t) - 1))`` with ``mu = ln 2 / doubling time`` and
``K = most per mL x volume``; none without glucose. Cells die at a rate in proportion to those alive, so that viability
finds its own level. Glucose falls by ``q`` times the cells' integral, which is closed too; lactate rises with it.
Transduction: a vector is taken up with a time constant; of the cells that meet it ``1 - exp(-e MOI)`` carry it then.
Growth over a stretch that is cut in two is growth over one, to rounding.
Units:  s of time; per hour in the laws; cells, mL, g (glucose, lactate), transducing units of vector.
Source: usual defaults for T cells (lag 36 h, doubling 26 h, 0.05 to 0.1 pmol glucose per cell and hour,
        1.7 mol lactate per mol glucose; transduction 10 % static, 21 % spun, 63 % spun and coated): fitted to no
        laboratory; docs/one-world.md lists them. Feeders and fragments: lags and doublings are assumed such that
        published folds come out (500 to 2 000 in 11 days with feeders, some 1 000 in 14 days with K562).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from automation.kernel.quantity import Cells, Instant, Seconds
from fakes.contents import Contents

GLUCOSE, LACTATE, VECTOR = "glucose", "lactate", "vector"
GLUCOSE_MOLAR, LACTATE_MOLAR = 180.16, 90.08  # g/mol
LACTATE_YIELD = 1.7  # mol per mol of glucose
WARM = 30.0  # degC, from which on a culture lives
DENSEST = 3.0e6  # live cells per mL at rest
TAKEN_UP = 6.0  # h, time constant of a vector's uptake
MEETS = 0.021  # share of the vector that gets into a cell at rest: 10 % carry it at MOI 5
SPUN, COATED = 2.3, 4.2  # times as much: spun down on the cells; in a coated vessel (21 % spun, 63 % with both)
CARRIES = "CAR+"
LYSED: Mapping[str, float] = {"feeders": 0.03, "K562": 0.03}  # per h: irradiated cells fall apart, and leave no body
DENSEST_IN: Mapping[str, float] = {"flask": 2.0e7}  # live cells per mL where gas comes through the floor
PACE_SPREAD = 0.04  # of doubling times from donor to donor: 24 to 28 h about the usual 26 h; assumed
UNFED = 0.02  # per h: what dies of cells that are not stimulated, and of grown ones without glucose


@dataclass(frozen=True, slots=True)
class Law:
    """How the cells whose markers begin with ``grows`` follow one stimulus (h, per h, pmol per cell and hour)."""

    grows: str
    lag: float = 36.0
    doubling: float = 26.0
    dies_at_first: float = 0.0022  # per h in the lag: viability dips by some 8 % in 36 h
    dies: float = 0.0012  # per h later
    eats: float = 0.07


STIMULI: Mapping[str, Law] = {
    "beads": Law("CD3+"),
    "activator": Law("CD3+"),
    "feeders": Law("CD3+", lag=48.0, doubling=21.0),  # irradiated PBMC with OKT3 (rapid expansion)
    "K562": Law("CD56+", lag=24.0, doubling=31.0),  # irradiated, with membrane-bound IL-21 and 4-1BBL
    "fragments": Law("CD3+", lag=72.0, doubling=40.0),  # of a tumour, in IL-2: cells grow out before rapid expansion
}
"""What starts growth, by the particle or the cells that have to be there; the first of them counts."""

NEEDS: Mapping[str, str] = {"feeders": "OKT3"}
"""The solute without which a stimulus is none."""


@dataclass(frozen=True, slots=True)
class Growth:
    """A culture that was stimulated at some moment."""

    law: Law
    since: Instant
    pace: float = 1.0  # doubling time of this donor's cells as a share of the usual one


def stimulus(contents: Contents, now: Instant, *, pace: float = 1.0) -> Growth | None:
    """Give the growth that begins with what is in a container now; None without cells that answer to it."""
    for name, law in STIMULI.items():
        there = contents.particles.get(name, 0.0) + contents.subsets.get(name, 0.0) > 0.0
        helped = name not in NEEDS or contents.solutes.get(NEEDS[name], 0.0) > 0.0
        if there and helped and any(kind.startswith(law.grows) for kind in contents.subsets):
            return Growth(law, now, pace)
    return None


def stronger(growth: Growth | None, now: Growth | None) -> Growth | None:
    """Give which of two holds: what went on before, unless cells that grew out of fragments are stimulated anew."""
    if growth is None or (now is not None and growth.law is STIMULI["fragments"] is not now.law):
        return now
    return growth


def lived(contents: Contents, growth: Growth | None, *, since: Instant, until: Instant, densest: float) -> Contents:
    """Give what a warm container holds after a stretch; ``densest`` is what grows to at most (cells/mL)."""
    out = contents
    begins = since if growth is None else growth.since + Seconds(growth.law.lag * 3600.0)
    if growth is not None and begins > since:
        turn = min(until, begins)
        out = _stretch(out, growth.law, hours=float(turn - since) / 3600.0, most=0.0)
        since = turn
    if until <= since:
        return out
    law = replace(growth.law, doubling=growth.law.doubling * growth.pace) if growth else Law("-")
    return _stretch(out, law, hours=float(until - since) / 3600.0, most=densest * float(out.volume))


def taken_up(contents: Contents, hours: float, *, meets: float) -> Contents:
    """Give what a container with vector and cells holds after some hours; ``meets`` is the share that gets in."""
    units = contents.particles.get(VECTOR, 0.0)
    takers = {name: n for name, n in contents.subsets.items() if name.startswith(("CD3+", "CD56+"))}
    cells = sum(takers.values())
    if units <= 0.0 or cells <= 0.0 or hours <= 0.0:
        return contents
    left = units * math.exp(-hours / TAKEN_UP)
    share = 1.0 - math.exp(-meets * (units - left) / cells)
    changed: dict[str, float] = {}
    for name, n in takers.items():
        if name.endswith(CARRIES):
            continue
        changed[name] = changed.get(name, 0.0) - n * share
        changed[name + CARRIES] = changed.get(name + CARRIES, 0.0) + n * share
    subsets = {**contents.subsets}
    for name, n in changed.items():
        subsets[name] = subsets.get(name, 0.0) + n
    return replace(contents, subsets=subsets, particles={**contents.particles, VECTOR: left})


def _stretch(contents: Contents, law: Law, *, hours: float, most: float) -> Contents:
    """Live for some hours under one law; ``most`` is the number that it grows to, 0 in the lag."""
    growing = sum(n for name, n in contents.subsets.items() if name.startswith(law.grows))
    fed = _fed(contents, law, growing, most=most)
    first = min(hours, fed)
    grown, eaten = _grown(growing, law, hours=first, most=most), _integral(growing, law, hours=first, most=most)
    dying = law.dies if most else law.dies_at_first
    dead = dying * eaten
    if not most:
        grown, dead = growing * math.exp(-dying * first), growing * -math.expm1(-dying * first)
        eaten = dead / dying
    starved = grown * math.exp(-UNFED * (hours - first))
    dead += grown - starved
    resting = math.exp(-UNFED / 10.0 * hours)
    subsets, lost, lysed = dict(contents.subsets), 0.0, 0.0
    for name, n in contents.subsets.items():
        if name.startswith(law.grows):
            subsets[name] = n * (starved / growing if growing else 0.0)
        elif name in LYSED:
            subsets[name] = n * math.exp(-LYSED[name] * hours)
            lysed += n - subsets[name]
        else:
            subsets[name] = n * resting
            lost += n - subsets[name]
    live = float(contents.live) + (starved - growing) - lost - lysed
    return replace(
        contents,
        live=Cells(live),
        dead=Cells(float(contents.dead) + dead + lost),
        subsets=subsets,
        solutes=_eaten(contents.solutes, eaten * law.eats * 1e-12 * GLUCOSE_MOLAR),
    )


def _eaten(solutes: Mapping[str, float], glucose: float) -> Mapping[str, float]:
    """Turn so many grams of glucose into lactate."""
    gone = min(glucose, solutes.get(GLUCOSE, 0.0))
    if gone <= 0.0:
        return solutes
    made = gone * LACTATE_YIELD * LACTATE_MOLAR / GLUCOSE_MOLAR
    return {**solutes, GLUCOSE: solutes[GLUCOSE] - gone, LACTATE: solutes.get(LACTATE, 0.0) + made}


def _rate(law: Law) -> float:
    return math.log(2.0) / law.doubling


def _grown(cells: float, law: Law, *, hours: float, most: float) -> float:
    """Give the cells after some hours of growth towards ``most``."""
    if cells <= 0.0 or most <= 0.0:
        return cells
    if cells >= most:
        return cells
    up = math.exp(_rate(law) * hours)
    return most * cells * up / (most + cells * (up - 1.0))


def _integral(cells: float, law: Law, *, hours: float, most: float) -> float:
    """Give cells times hours over the same stretch."""
    if cells <= 0.0 or most <= 0.0 or cells >= most:
        return cells * hours
    mu = _rate(law)
    return most / mu * math.log1p(cells * math.expm1(mu * hours) / most)


def _fed(contents: Contents, law: Law, cells: float, *, most: float) -> float:
    """Give the hours for which the glucose lasts; infinite where the medium's glucose is not told."""
    if GLUCOSE not in contents.solutes or cells <= 0.0:
        return math.inf
    lasts = contents.solutes[GLUCOSE] / (law.eats * 1e-12 * GLUCOSE_MOLAR)  # cells times hours
    if most <= 0.0:
        part = lasts * law.dies_at_first / cells
        return math.inf if part >= 1.0 else -math.log1p(-part) / law.dies_at_first
    if cells >= most:
        return lasts / cells
    mu = _rate(law)
    exponent = lasts * mu / most
    return math.inf if exponent > 500.0 else math.log1p(most / cells * math.expm1(exponent)) / mu
