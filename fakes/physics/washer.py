"""Counterflow washing in closed form: what stays in a spinning chamber and what leaves it while liquid flows through.

A chamber of volume V holds a well-mixed liquid; liquid that flows through replaces it: ``c = c0 exp(-v/V)`` for what is
dissolved. Cells are held against the flow; a share of them leaves with every chamber volume (elutriation), small for
live cells, larger for dead ones, and more the faster the flow is against the g-force. Cells beyond the capacity leave.
Recovery turns the flow round: the bed of cells comes out as a plug, a little of it sticks.
Units:  mL, mL/min, g (times gravity), kPa, s; shares are 0 to 1.
Source: washout and losses as textbooks of cell washing have them (residual exp(-ND), recovery about 0.97 per transfer,
        dead cells washed out first); the chamber's figures are plausible ones, fitted to no instrument.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from automation.kernel.quantity import Cells, Grams
from fakes.contents import LIGHT, Contents

CHAMBER = 10.0  # mL
CAPACITY = 5.0e9  # cells that the bed can hold
LIVE_LEAVES, DEAD_LEAVES = 4.0e-4, 8.0e-3  # share per chamber volume at 50 mL/min and 1600 g
PLUG = 1.5  # mL of recovery after which 1/e of the loose cells is still inside
STICKS = 0.02  # share of the cells that stays in the kit
DIES = 1.0e-7  # share of live cells that die per g and minute
RESISTANCE = 0.4  # kPa per mL/min with all clamps open
MOST_PRESSURE = 95.0  # kPa
RECOVERY_FLOW = PRIME_FLOW = 60.0  # mL/min


class StepName(StrEnum):
    """What happens in a step; they follow each other in this order."""

    PRIME = "prime"
    LOAD = "load"
    WASH = "wash"
    RECOVERY = "recovery"


STEPS = tuple(StepName)
"""The steps as the washer counts them, from 1."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The parameters of one run."""

    source: float  # mL to draw from the source
    wash: float  # mL of buffer
    output: float  # mL into the product
    load_flow: float  # mL/min
    wash_flow: float  # mL/min
    force: float  # times gravity


@dataclass(frozen=True, slots=True)
class Step:
    """One step: out of which line, into which, how much (mL), how fast (mL/min)."""

    name: StepName
    line: str
    out: str
    volume: float
    flow: float


def steps(setting: Setting) -> tuple[Step, ...]:
    """Give the steps of a run."""
    return (
        Step(StepName.PRIME, "buffer", "", CHAMBER, PRIME_FLOW),
        Step(StepName.LOAD, "source", "waste", setting.source, setting.load_flow),
        Step(StepName.WASH, "buffer", "waste", setting.wash, setting.wash_flow),
        Step(StepName.RECOVERY, "buffer", "product", setting.output, RECOVERY_FLOW),
    )


def leaves(flow: float, force: float, *, spread: float) -> tuple[float, float]:
    """Give the shares of live and dead cells that leave with one chamber volume; ``spread`` varies a run."""
    against = flow / 50.0 * 1600.0 / max(force, 1.0)
    return min(5.0, LIVE_LEAVES * against**4 * spread), min(5.0, DEAD_LEAVES * against**2 * spread)


def pressure(flow: float, *, clamped: float) -> float:
    """Give the pressure (kPa) at a flow (mL/min) through lines of which the worst is clamped by a share."""
    return math.inf if clamped >= 1.0 else RESISTANCE * flow / (1.0 - clamped) ** 2


def stays(before: float, brought: float, *, rate: float) -> float:
    """Give what of an amount is still inside after a flow that brought more; ``rate`` is chamber turnovers (>= 0)."""
    if rate < 1e-12:
        return before + brought
    return before * math.exp(-rate) - brought * math.expm1(-rate) / rate


def washed_out(inside: Contents, brought: Contents, *, live: float, dead: float) -> Contents:
    """Give what leaves a full chamber while ``brought`` flows in; live and dead are shares per chamber volume."""
    turns = float(brought.volume) / CHAMBER
    both = inside + brought
    rates = {name: turns if name in LIGHT else live * turns for name in both.particles}

    def gone(before: float, came: float, *, rate: float = turns) -> float:
        return before + came - stays(before, came, rate=rate)

    live_gone = gone(float(inside.live), float(brought.live), rate=live * turns)
    dead_gone = gone(float(inside.dead), float(brought.dead), rate=dead * turns)
    left = float(inside.cells) + float(brought.cells) - live_gone - dead_gone
    over = max(0.0, left - CAPACITY) / left if left else 0.0
    live_out = Cells(live_gone + over * (float(both.live) - live_gone))
    return Contents(
        brought.volume,
        live_out,
        Cells(dead_gone + over * (float(both.dead) - dead_gone)),
        Grams(gone(float(inside.mass), float(brought.mass))),
        {n: gone(inside.solutes.get(n, 0.0), brought.solutes.get(n, 0.0)) for n in both.solutes},
        both.subsets_in(live_out),
        {
            name: gone(number - brought.particles.get(name, 0.0), brought.particles.get(name, 0.0), rate=rates[name])
            for name, number in both.particles.items()
        },
    )


def recovered(inside: Contents, brought: Contents, *, stuck: Contents) -> Contents:
    """Give what leaves a chamber in recovery while buffer flows in; of the cells ``stuck`` stays behind."""
    turns, plug = float(brought.volume) / CHAMBER, math.exp(-float(brought.volume) / PLUG)
    both, out = inside + brought, washed_out(inside, brought, live=0.0, dead=0.0)
    live = max(0.0, float(inside.live) + float(brought.live) - float(stuck.live)) * (1.0 - plug)
    dead = max(0.0, float(inside.dead) + float(brought.dead) - float(stuck.dead)) * (1.0 - plug)
    if not turns:
        return out
    heavy = {name: number * (1.0 - plug) for name, number in both.particles.items() if name not in LIGHT}
    cells = out.with_cells(both, live=Cells(live), dead=Cells(dead))
    return replace(cells, particles={**out.particles, **heavy})
