"""Strategies that make no sense are refused when they are read; shares and their intervals; units %."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from automation.formulas.cytometry import Events, Spill, compensated, populations
from automation.formulas.gating import Bound, Compensation, Corner, Divider, Gate, Quadrants, Strategy, wilson
from automation.kernel.errors import InputError

GATE = Gate(name="CD3+", ranges=(Bound(channel="A", low=1.0),))
PLAN = Strategy(name="t", compensation=Compensation.NONE, minimum=10, gates=(GATE,))

pytestmark = pytest.mark.requirement("F038", "F162")


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 100, 0.0, 3.699), (100, 100, 96.301, 100.0), (50, 100, 40.383, 59.617), (1, 1000, 0.0177, 0.5638)],
)  # fmt: skip
def test_the_interval_of_a_share_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    """Figures of Brown, Cai and DasGupta, Stat. Sci. 16 (2001) 101, formula 4, worked by hand."""
    found = wilson(count, of)
    assert (float(found[0]), float(found[1])) == pytest.approx((low, high), abs=2e-3)


def test_an_interval_of_no_events_is_refused() -> None:
    """Nothing is a share of nothing."""
    with pytest.raises(InputError, match="0 of 0"):
        wilson(0, 0)


def test_compensation_undoes_spill() -> None:
    """A tenth of the first dye is seen in the second channel."""
    spill = Spill(("A", "B"), np.array([[1.0, 0.1], [0.0, 1.0]]))
    dyes = np.array([[1000.0, 0.0], [0.0, 500.0], [200.0, 300.0]])
    seen = Events(("A", "B", "T"), np.column_stack([dyes @ spill.matrix, [1.0, 2.0, 3.0]]), {}, spill)
    assert compensated(seen).values[:, :2] == pytest.approx(dyes)
    assert compensated(seen).column("T").tolist() == [1.0, 2.0, 3.0]


def test_a_lower_bound_belongs_to_its_gate_and_an_upper_does_not() -> None:
    """So that two gates side by side share no event and lose none."""
    values = np.arange(20.0).reshape(-1, 1)
    low, high = (
        replace(GATE, name=name, ranges=(bound,))
        for name, bound in (("low", Bound(channel="A", high=7.0)), ("high", Bound(channel="A", low=7.0)))
    )
    found = populations(Events(("A",), values, {}), replace(PLAN, gates=(low, high)))
    assert [one.count for one in found] == [7, 13]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bound(channel="A"), "neither low nor high"),
        (lambda: Bound(channel="A", low=2.0, high=2.0), "low < high"),
        (lambda: Gate(name="x"), "ranges or a polygon"),
        (lambda: Gate(name="x", x="A", y="B", polygon=(Corner(x=0, y=0), Corner(x=1, y=1))), "three corners"),
        (lambda: Gate(name="x", x="A", y="A", polygon=(Corner(x=0, y=0),) * 3), "over two channels"),
        (lambda: replace(PLAN, gates=()), "has no gate"),
        (lambda: replace(PLAN, gates=(GATE, GATE)), "stands twice"),
        (lambda: replace(PLAN, gates=(replace(GATE, within="live"),)), "'live', unknown above"),
        (lambda: replace(PLAN, minimum=0), "at least 1 event"),
        (lambda: replace(PLAN, quadrants=(_quadrants("a", "b", "c"),)), "four names"),
        (lambda: replace(PLAN, quadrants=(_quadrants("a", "b", "c", "CD3+"),)), "stands twice"),
    ],
)
def test_a_strategy_that_makes_no_sense_is_refused(make: Callable[[], object], message: str) -> None:
    """When it is read, not when a sample waits."""
    with pytest.raises(InputError, match=message):
        make()


def _quadrants(*names: str) -> Quadrants:
    return Quadrants(x=Divider(channel="A", at=1.0), y=Divider(channel="B", at=1.0), names=names)
