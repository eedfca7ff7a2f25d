"""Filling: what fits, and accounts that close with the readings they share."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.formulas.filling import Plan, Wanted, anywhere, closing, plan
from automation.formulas.traced import reading
from automation.kernel.errors import InputError
from automation.kernel.quantity import Millilitres


def _plan(there: float, *, rest: float = 1.0, bags: int = 2, vials: int = 4, aliquots: int = 2) -> Plan:
    return plan(
        there=Millilitres(there),
        rest=Millilitres(rest),
        bags=Wanted(bags, Millilitres(20.0)),
        vials=Wanted(vials, Millilitres(1.0)),
        aliquots=Wanted(aliquots, Millilitres(0.5)),
    )


@pytest.mark.requirement("F119")
@pytest.mark.parametrize(
    ("there", "bags", "vials", "aliquots"), [(52.0, 2, 4, 2), (44.0, 2, 2, 2), (41.9, 1, 4, 2), (2.0, 0, 0, 2)]
)
def test_aliquots_come_first_then_bags_then_vials(there: float, bags: int, vials: int, aliquots: int) -> None:
    """Without its QC aliquots a lot is never released; without its bags it is of no use."""
    found = _plan(there)
    assert (found.bags, found.vials, found.aliquots) == (bags, vials, aliquots)
    assert float(found.trough) == pytest.approx(vials + 0.5 * aliquots + 1.0)


def test_nothing_stays_in_a_trough_that_nobody_needs() -> None:
    """Bags alone take all of it."""
    assert _plan(40.0, vials=0, aliquots=0) == Plan(2, 0, 0, Millilitres(0.0))


@pytest.mark.parametrize("there", [0.4, math.nan, -1.0, math.inf])
def test_a_volume_that_fills_nothing_or_is_none_is_refused(there: float) -> None:
    """One clear error, before anything is printed."""
    with pytest.raises(InputError, match=r"fill none of the containers|a volume of at least 0 mL"):
        _plan(there)


@given(there=st.floats(1.6, 200.0))
def test_no_more_is_planned_than_is_there(there: float) -> None:
    """Whatever there is."""
    found = _plan(there)
    assert found.bags * 20.0 + float(found.trough) <= there + 1e-6


def test_what_lies_anywhere_between_nothing_and_all() -> None:
    """The middle, with the standard uncertainty of a rectangle (GUM 4.3.7)."""
    assert [float(one) for one in anywhere(Millilitres(1.0))] == pytest.approx([0.5, 1 / math.sqrt(12)])


@pytest.mark.requirement("F119", "F024")
def test_a_density_that_all_weights_share_cancels_where_it_stands_on_both_sides() -> None:
    """10 g in and twice 5 g out, all by the same density: what is left over is known by the weighings alone."""
    density = reading("density", 1.02, standard=0.01)
    came = {"in": reading("in", 10.0, standard=0.02) / density}
    went = {name: reading(name, 5.0, standard=0.02) / density for name in ("one", "two")}
    balance = closing("volume", unit="mL", came=came, went=went, sources={"in": "declared"})
    assert balance.closes
    assert [line.measured for line in balance.lines] == [False, True, True]
    assert balance.expanded == pytest.approx(2 * 0.02 * math.sqrt(3) / 1.02)
