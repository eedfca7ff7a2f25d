"""Contents of a container as a value: adding, splitting, taking; units mL, g, cells."""

import pytest

from automation.kernel.quantity import Cells, Grams, Millilitres
from fakes.contents import DMSO, Contents, filled

pytestmark = pytest.mark.requirement("C07")

BAG = filled(Millilitres(20.0), live=Cells(9e8), dead=Cells(1e8), dmso=0.1)


def test_a_liquid_is_filled_with_mass_and_dmso_by_volume() -> None:
    """20 mL at 1.05 g/mL with a tenth of DMSO at 1.10 g/mL."""
    assert float(BAG.mass) == pytest.approx(21.0)
    assert BAG.solutes == pytest.approx({DMSO: 2.2})
    assert BAG.dmso == pytest.approx(0.1)
    assert BAG.viability == pytest.approx(0.9)
    assert float(BAG.cells) == pytest.approx(1e9)


def test_what_is_empty_has_neither_viability_nor_dmso() -> None:
    """And nothing can be taken out of it."""
    assert (Contents().viability, Contents().dmso) == (0.0, 0.0)
    assert Contents().taken(Millilitres(1.0)) == Contents()


@pytest.mark.parametrize("volume", [0.0, 5.0, 20.0, 25.0])
def test_what_is_taken_and_what_is_left_are_what_there_was(volume: float) -> None:
    """Also when more is asked for than there is: then all is taken."""
    taken = BAG.taken(Millilitres(volume))
    again = (BAG - taken) + taken
    assert float(taken.volume) == min(volume, 20.0)
    assert [float(again.volume), float(again.live), float(again.mass)] == pytest.approx([20.0, 9e8, 21.0])
    assert again.solutes == pytest.approx(BAG.solutes)


def test_what_comes_off_the_top_has_fewer_cells_and_all_else_evenly() -> None:
    """Half the volume with six tenths of the cells that an even mixture would give."""
    top = BAG.taken(Millilitres(10.0), cells=0.6)
    assert float(top.live) == pytest.approx(0.6 * 4.5e8)
    assert float(top.mass) == pytest.approx(10.5)
    assert top.solutes[DMSO] == pytest.approx(1.1)


def test_two_liquids_in_one_container_keep_each_solute() -> None:
    """Whatever the other one had."""
    both = BAG + Contents(Millilitres(5.0), mass=Grams(5.0), solutes={"albumin": 0.2})
    assert both.solutes == pytest.approx({DMSO: 2.2, "albumin": 0.2})
    assert float(both.volume) == 25.0


@pytest.mark.parametrize(
    ("amounts", "word"),
    [
        (Contents(Millilitres(20.1)), "mL"),
        (Contents(live=Cells(9.1e8)), "live cells"),
        (Contents(dead=Cells(-1.0)), "dead cells"),
        (Contents(mass=Grams(float("nan"))), "g"),
        (Contents(solutes={"albumin": 0.1}), "g of albumin"),
    ],
)
def test_what_is_lacking_is_named_with_how_much_there_is(amounts: Contents, word: str) -> None:
    """More than there is, less than nothing, no number, or something else."""
    assert BAG.lacks(amounts).endswith(word)
    assert BAG.lacks(BAG) == ""
