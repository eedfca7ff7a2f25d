"""The page docs/materials.md, run word for word at the command line; what the page shows is what comes out."""

from pathlib import Path

import pytest

from automation.gmp.materials.lots import MaterialLot
from automation.ledger.read import Reader
from automation.views.objects import Objects
from tests.support.pages import Told, told


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder of its own."""
    folder = tmp_path_factory.mktemp("materials")
    return folder / "site", told("materials.md", folder)


@pytest.mark.requirement("F028", "F095", "F096", "F097", "F098", "F099", "F100", "F147", "F156", "F157", "F167")
def test_every_command_of_the_page_about_materials_does_what_it_shows(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert [(one.words, one.said.err) for one in page[1] if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in page[1] if one.missing] == []


@pytest.mark.requirement("F095", "F096")
def test_the_batch_used_what_was_kept_for_it(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Nothing is kept any more, all is accounted for, and the solution is back in quarantine with its component."""
    with Reader(page[0]) as reader:
        objects = Objects(reader)
    made, cassette = objects.find("lot", "WB-12"), objects.find("lot", "CASS-2201")
    assert isinstance(made, MaterialLot)
    assert isinstance(cassette, MaterialLot)
    assert (made.left, made.state, made.reserved, cassette.reserved) == (50.0, "quarantine", (), ())
    assert list(objects.marked("lot", "at batch B-17")) == []
