"""Reconciliation of a batch: volume, mass and cells that came in against what is accounted for, from readings alone.

A balance closes when what is left over lies within its expanded uncertainty (coverage factor 2). Each line says whether
it was measured, calculated from measured values, or only declared (by the order, the recipe or a person).
Units:  mL, g, cells.
Source: 21 CFR 211.103, 211.188(b)(7) (actual and theoretical yield), 211.192; ``automation.formulas.reconciliation``.
"""

from collections.abc import Iterable

from automation.formulas.reconciliation import COVERAGE, Balance, Line
from automation.views import record
from automation.views.amounts import CALCULATED, MASS, MEASURED, TOTAL, VIABLE, VOLUME, Crossing, Tally, tally
from automation.views.story import Story

UNITS = {VOLUME: "mL", MASS: "g", VIABLE: "cells", TOTAL: "cells"}
_ORDER = ("received", "added", "weighed", "counted", "sample", "waste", "lost", "hold-up", "container")
_WORDS = ("recovery", "yield", "reconcil", "unaccounted", "residual", "volume", "lost", "loss")


def reconciliations(story: Story) -> tuple[record.Reconciliation, ...]:
    """Give a balance for each quantity of which anything was read; none for a batch without containers."""
    told = tally(story)
    return tuple(found for quantity in UNITS if (found := _balance(quantity, told)) is not None)


def against(steps: Iterable[record.Step]) -> tuple[tuple[str, record.Judged], ...]:
    """Give the recipe's own limits on yields, recoveries and volumes, with the step of each."""
    return tuple(
        (step.id, one)
        for step in steps
        for one in step.judged
        if one.kind == "yield" or any(word in one.what.lower() for word in _WORDS)
    )


def _balance(quantity: str, told: Tally) -> record.Reconciliation | None:
    crossings = [one for one in told.crossings if quantity in one.amounts]
    shown = sorted((one for one in crossings if one.is_shown), key=lambda one: _ORDER.index(one.kind))
    if not shown:
        return None
    unit = UNITS[quantity]
    balance = Balance(quantity, unit, tuple(_line(one, quantity) for one in shown))
    note = told.unknown.get(quantity, "")
    return record.Reconciliation(
        quantity=quantity,
        unit=unit,
        lines=tuple(
            record.BalanceLine(
                what=one.what,
                kind=one.kind,
                step=one.step,
                goes_in=one.goes_in,
                value=one.amounts[quantity].value,
                expanded=COVERAGE * one.amounts[quantity].standard,
                how=one.how.get(quantity, CALCULATED),
                events=one.events,
            )
            for one in shown
        ),
        came_in=balance.came_in,
        went_out=balance.went_out,
        unaccounted=balance.unaccounted,
        expanded=balance.expanded,
        share=balance.share,
        closes=None if note else balance.closes,
        note=note,
    )


def _line(one: Crossing, quantity: str) -> Line:
    amount = one.amounts[quantity]
    source = f"events {', '.join(str(seq) for seq in one.events)}"
    is_measured = one.how.get(quantity) == MEASURED
    parts = tuple(amount.parts.items())
    return Line(one.what, amount.value, amount.standard, one.goes_in, source, is_measured, parts)
