"""Reconciliation of a batch: volume, mass and cells that came in against what is accounted for, from readings alone.

A balance closes when what is left over lies within its expanded uncertainty (coverage factor 2). Each line says whether
it was measured, calculated from measured values, or only declared (by the order, the recipe or a person).
Units:  mL, g, cells.
Source: 21 CFR 211.103, 211.188(b)(7) (actual and theoretical yield), 211.192; ``automation.formulas.reconciliation``.
"""

from collections.abc import Iterable, Iterator

import msgspec

from automation.engine.journal import Moved
from automation.formulas.reconciliation import COVERAGE, Balance, Line
from automation.views import record, shapes
from automation.views import record_of_product as product
from automation.views.amounts import CALCULATED, DECLARED, MASS, MEASURED, TOTAL, VIABLE, VOLUME, Crossing, Tally, tally
from automation.views.story import Story

UNITS = {VOLUME: "mL", MASS: "g", VIABLE: "cells", TOTAL: "cells"}
_RECIPE = "recipe"  # the source of what a step's own balance takes as declared
_ORDER = ("received", "added", "weighed", "counted", "sample", "waste", "lost", "hold-up", "container")
_WORDS = ("recovery", "yield", "reconcil", "unaccounted", "residual", "volume", "lost", "loss")


def reconciliations(story: Story) -> tuple[product.Reconciliation, ...]:
    """Give a balance for each quantity of which anything was read, and those that steps have drawn themselves."""
    told = tally(story)
    whole = tuple(found for quantity in UNITS if (found := _balance(quantity, told)) is not None)
    return (*whole, *_of_steps(story))


def against(steps: Iterable[record.Step]) -> tuple[tuple[str, record.Judged], ...]:
    """Give the recipe's own limits on yields, recoveries and volumes, with the step of each."""
    return tuple(
        (step.id, one)
        for step in steps
        for one in step.judged
        if one.kind == "yield" or any(word in one.what.lower() for word in _WORDS)
    )


def _balance(quantity: str, told: Tally) -> product.Reconciliation | None:
    crossings = [one for one in told.crossings if quantity in one.amounts]
    shown = sorted((one for one in crossings if one.is_shown), key=lambda one: _ORDER.index(one.kind))
    if not shown:
        return None
    lines = tuple(
        product.BalanceLine(
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
    )
    balance = Balance(quantity, UNITS[quantity], tuple(_line(one, quantity) for one in shown))
    return _drawn(balance, lines, told.unknown.get(quantity, ""))


class _Brought(msgspec.Struct, frozen=True):
    """A balance that an operation brings among its results (see ``automation.formulas.reconciliation.Line``), in mL."""

    balance: tuple[shapes.Amount, ...] = ()


def _of_steps(story: Story) -> Iterator[product.Reconciliation]:
    """Give the balances of volume that single steps have drawn themselves, such as that of a wash."""
    for step, events in story.steps.items():
        for event in events:
            if event.kind == "move" and b'"balance":[{' in bytes(event.read(Moved).results):
                said = msgspec.json.decode(bytes(event.read(Moved).results), type=_Brought)
                yield _of_step(step, said.balance, event.seq)


def _of_step(step: str, said: tuple[shapes.Amount, ...], event: int) -> product.Reconciliation:
    lines = tuple(
        Line(one.what, one.value, one.standard, one.goes_in, one.source, one.measured, one.parts) for one in said
    )
    shown = tuple(
        product.BalanceLine(
            what=f"{one.what}, {one.source}" if one.source else one.what,
            kind="",
            step=step,
            goes_in=one.goes_in,
            value=one.value,
            expanded=COVERAGE * one.standard,
            how=MEASURED if one.measured else DECLARED if one.source == _RECIPE else CALCULATED,
            events=(event,),
        )
        for one in lines
    )
    return _drawn(Balance(f"volume in step {step}", UNITS[VOLUME], lines), shown)


def _drawn(balance: Balance, lines: tuple[product.BalanceLine, ...], note: str = "") -> product.Reconciliation:
    return product.Reconciliation(
        quantity=balance.what,
        unit=balance.unit,
        lines=lines,
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
