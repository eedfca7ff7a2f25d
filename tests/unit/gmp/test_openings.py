"""Where product may be opened: the grade of a place and of the room around it, at the door."""

import pytest

from automation.formulas.cleanrooms import Grade
from automation.gmp.openings import Opened, unsuited
from tests.support.doors import Doorway
from tests.unit.gmp.moves_of_quality import act

pytestmark = pytest.mark.requirement("F082", "F027")

IN_B, IN_C = Opened(Grade.A, Grade.B), Opened(Grade.A, Grade.C)


def _places(way: Doorway, *, cabinet: str, around: str) -> None:
    """Register a place with a balance in it, and the room around it; a grade that is empty leaves it unregistered."""
    for name, grade, neighbour in (("Cabinet 1", cabinet, "Suite 1"), ("Suite 1", around, "")):
        if grade:
            act(way, f"room/{name}", "register", {"grade": grade, "neighbour": neighbour}, by="approve")
    for name, where in (("balance-1", "Cabinet 1"), ("washer-1", "Suite 1")):
        body = {"asset_class": "balance", "location": where, "needs_cleaning": False}
        way.do(f"asset/{name}", "register", body)


@pytest.mark.parametrize(
    ("cabinet", "around", "opened", "lack"),
    [
        ("A", "B", IN_B, ""),
        ("A", "C", IN_C, ""),
        ("A", "C", IN_B, "room Suite 1 around Cabinet 1 has grade C"),
        ("B", "B", IN_B, "room Cabinet 1 has grade B"),
        ("A", "", IN_B, "nothing is registered of Suite 1 around Cabinet 1"),
        ("unclassified", "B", IN_B, "room Cabinet 1 has no grade"),
    ],
)
def test_product_is_opened_where_place_and_background_have_their_grade(
    cabinet: str, around: str, opened: Opened, lack: str, way: Doorway
) -> None:
    """What is missing is said; one good place among those of the step is enough."""
    _places(way, cabinet=cabinet, around=around)
    said = "; ".join(unsuited(way.door, ("balance-1", "washer-1"), opened, strict=True))
    assert (lack in said, bool(said)) == (True, bool(lack))


def test_where_no_place_is_registered_only_engineering_lots_go_on(way: Doorway) -> None:
    """And a step that opens nothing is never asked."""
    _places(way, cabinet="", around="")
    assert list(unsuited(way.door, ("balance-1",), IN_B, strict=False)) == []
    [said] = unsuited(way.door, ("balance-1",), IN_B, strict=True)
    assert said == "product is opened in grade A in a background of grade B; nothing is registered of Cabinet 1"
    assert list(unsuited(way.door, ("balance-1",), None, strict=True)) == []
