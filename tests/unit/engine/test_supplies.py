"""The lots of a step: first expiry first, out of containers where a material is used so, and once only."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from automation.engine.recipe.model import Amount, Material, Step
from automation.engine.recorder import RUNNER
from automation.engine.supplies import Supplies
from automation.gmp.door import Command
from automation.gmp.materials.lots import MaterialLot
from automation.kernel.errors import GateError
from tests.support.doors import Doorway, doorway
from tests.unit.gmp import moves_of_materials as said
from tests.unit.gmp.moves_of_quality import act

STEP = Step("wash", "wash", "Wash", (), {}, {}, {}, (), (), "")
L = "lot/L1"
BOTTLE = {"criteria": [], "certificate": False, "holds": 2.0, "in_use_h": 4.0}


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a house with one lot of 10 mL in bottles of 2 mL, a younger lot, and two patients."""
    with doorway(tmp_path) as made:
        said.released(made, "L1")
        said.released(made, "L2", expiry="2028-03")
        said.defined(made, "DMSO", **BOTTLE)
        for name in ("B1", "B2"):
            act(made, f"batch/{name}", "issue", {**said.BATCH, "identity": f"COI-{name}"}, by="issue")
        yield made


def _supplies(way: Doorway, quantity: str = "3.0", batch: str = "B1") -> Supplies:
    return Supplies(way.door, (Material("DMSO", "DMSO", Amount(Decimal(quantity), "mL"), "wash", ""),), batch)


def _command(command: str, body: dict[str, object], name: str) -> Command:
    return Command(L, command, body, RUNNER, id=name)


def _left(way: Doorway, lot: str = L) -> tuple[float, list[tuple[str, float, str]]]:
    made = way.get(MaterialLot, lot)
    return made.left, [(one.name, one.left, one.batch) for one in made.opened]


@pytest.mark.requirement("F096", "F097")
def test_a_step_opens_as_many_containers_as_it_needs_and_another_patient_gets_new_ones(way: Doorway) -> None:
    """3 mL out of two bottles of 2 mL; the rest of the second is not offered to the other patient."""
    _supplies(way).take(STEP)
    assert _left(way) == (6.0, [("1", 0.0, "B1"), ("2", 1.0, "B1")])
    _supplies(way, "1.0", "B2").take(STEP)
    assert _left(way) == (4.0, [("1", 0.0, "B1"), ("2", 1.0, "B1"), ("3", 1.0, "B2")])


@pytest.mark.requirement("F095", "F096")
@pytest.mark.parametrize("done", range(5))
def test_a_step_that_is_set_out_again_after_a_stop_uses_nothing_twice(way: Doorway, done: int) -> None:
    """The program stops after each of its four commands in turn; what is used in the end is the same."""
    once = "use DMSO for B1/wash"
    first = ("open", "1", 2.0, f"open to {once}"), ("use", "1", 2.0, once)
    second = ("open", "2", 2.0, f"open to {once}, 2"), ("use", "2", 1.0, f"{once}, 2")
    commands = (*first, *second)
    for command, container, quantity, name in commands[:done]:
        body = {"container": container, "quantity": quantity, "batch": "B1"}
        way.door.enter(_command(command, body, name))
    _supplies(way).take(STEP)
    assert _left(way) == (6.0, [("1", 0.0, "B1"), ("2", 1.0, "B1")])
    assert way.get(MaterialLot, L).stock.balance("B1").used == 3.0


@pytest.mark.requirement("F095", refuses=True)
def test_what_is_kept_for_another_batch_is_not_taken(way: Doorway) -> None:
    """The first lot is kept for the other patient but for 2 mL, so the younger one is used; then nothing is left."""
    for lot, quantity in ((L, 8.0), ("lot/L2", 6.0)):
        way.do(lot, "reserve", {"batch": "B2", "quantity": quantity}, by="perform")
    _supplies(way).take(STEP)
    assert (_left(way), _left(way, "lot/L2")[0]) == ((10.0, []), 6.0)
    with pytest.raises(GateError, match="has 2 mL left, the rest is kept for other batches; 9"):
        _supplies(way, "9.0", "B3").take(STEP)
