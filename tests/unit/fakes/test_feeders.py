"""Feeders, fragments, flasks and depletion in the fake world: what grows because of what, what is left; h, cells."""

from dataclasses import replace

import pytest

from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres, Seconds
from fakes.contents import Contents, filled
from fakes.physics.separator import depleted
from fakes.physics.trace import Constant
from fakes.world import Container, World

pytestmark = pytest.mark.requirement("F014", "C07")

START = Instant(1_000_000.0)


def cells(subsets: dict[str, float], *, volume: float = 1000.0, okt3: float = 0.0, fragments: float = 0.0) -> Contents:
    """Give live cells in medium."""
    some = filled(Millilitres(volume), live=Cells(sum(subsets.values())), density=1.0)
    particles = {"fragments": fragments} if fragments else {}
    return replace(some, subsets=subsets, solutes={"glucose": 100.0, "OKT3": okt3}, particles=particles)


def grown(contents: Contents, *, days: float, kind: str = "flask") -> Contents:
    """Give what a vessel holds after some days in the incubator."""
    world = World(1)
    world.add_place("incubator", Constant(37.0))
    world.add(Container("C", kind, contents=contents), place="incubator", at=Celsius(37.0), now=START)
    return world.holds("C", START + Seconds(days * 86_400.0))


def test_feeders_and_okt3_together_expand_t_cells_within_the_published_folds() -> None:
    """500 to 2,000-fold in 11 days; without the antibody the feeders are only company."""
    start = {"CD3+CD8+": 3e6, "feeders": 6e8}
    after = grown(cells(start, okt3=3e-5), days=11.0)
    assert 500.0 < after.subsets["CD3+CD8+"] / 3e6 < 2000.0
    assert grown(cells(start), days=11.0).subsets["CD3+CD8+"] < 3e6


def test_feeders_fall_apart_and_leave_no_body() -> None:
    """Below a thousandth of all cells after 11 days; the dead that are counted are the dead of the culture."""
    after = grown(cells({"CD3+CD8+": 3e6, "feeders": 6e8}, okt3=3e-5), days=11.0)
    assert after.subsets["feeders"] / float(after.live) < 1e-3
    assert after.viability > 0.9
    assert float(after.live) == pytest.approx(sum(after.subsets.values()))


def test_k562_grow_nk_cells_and_leave_t_cells_alone() -> None:
    """About a thousandfold in two weeks."""
    after = grown(cells({"CD56+": 3e6, "CD3+CD4+": 1e4, "K562": 6e6}), days=14.0)
    assert 500.0 < after.subsets["CD56+"] / 3e6 < 1500.0
    assert after.subsets["CD3+CD4+"] < 1e4


def test_cells_that_grew_out_of_fragments_answer_to_feeders_anew() -> None:
    """The second stimulus holds, whatever is left of the fragments."""
    slow = grown(cells({"CD3+CD8+": 3e6}, fragments=50.0), days=11.0)
    again = grown(
        replace(slow, subsets={**slow.subsets, "feeders": 6e8}, live=slow.live + Cells(6e8), solutes={"OKT3": 3e-5}),
        days=5.0,
    )
    assert 10.0 < slow.subsets["CD3+CD8+"] / 3e6 < 40.0
    assert again.subsets["CD3+CD8+"] > 8.0 * slow.subsets["CD3+CD8+"]


def test_a_gas_permeable_flask_takes_more_cells_than_a_bag_at_rest() -> None:
    """Twenty million per mL against three."""
    start = cells({"CD3+CD8+": 1e8, "feeders": 1e9}, volume=100.0, okt3=3e-5)
    flask, bag = (grown(start, days=12.0, kind=kind) for kind in ("flask", "bag150"))
    assert float(flask.live) / 100.0 == pytest.approx(2e7, rel=0.15)
    assert float(bag.live) / 100.0 < 3.1e6


def test_a_depletion_takes_one_kind_and_leaves_the_others() -> None:
    """Amounts that leave are never more than are there."""
    start = cells({"CD3+CD4+": 1e9, "CD56+": 1e8, "CD14+": 3e8}, volume=40.0)
    goes = depleted(start, ("CD3",), recovery=0.85, left=3.5e-4)
    assert goes.subsets["CD3+CD4+"] == pytest.approx(3.5e5)
    assert goes.subsets["CD56+"] == pytest.approx(0.85e8)
    assert start.lacks(goes) == ""
