"""A small recipe, every decision of one step taken in every way (the others: ``python -m tests.plant.branches``)."""

from pathlib import Path

import pytest

from tests.plant.branches import Wish, every, explore


@pytest.mark.requirement("F002")
def test_every_way_out_of_every_decision_of_a_check_of_documents_is_reached(tmp_path: Path) -> None:
    """A match goes on, a mismatch and what is not stated hold the batch: from the questions of that step alone."""
    found = explore(tmp_path, "document-check", Wish(step="hla", about="restricting allele"))
    wanted = {one for one in every(found.recipe) if one.step == "hla"}
    assert found.whole
    assert {one.option for one in wanted} == {"match", "mismatch"}
    assert wanted <= set(found.reached)
