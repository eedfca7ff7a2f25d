"""Autologous TCR-T on site A: the whole course, and a patient whose HLA type is not the one that the receptor needs."""

from pathlib import Path

import pytest

from tests.support.runs import make_site, run_batch
from tests.support.scenes import answer, scan

RECIPE = "tcr-t"


@pytest.mark.requirement("F008", "F013")
def test_a_patient_of_the_right_type_gets_t_cells_with_the_receptor(tmp_path: Path) -> None:
    """Flow cytometry finds nearly all T cells, a tenth of them with the vector, as many as truly carry it."""
    run = run_batch(make_site(tmp_path / "site", "a"), recipe=RECIPE)
    assert run.state == "closed"
    found = run.step("phenotype").results
    assert float(str(found["wanted"])) > 95.0
    assert 7.0 < float(str(found["carrying"])) < 14.0


@pytest.mark.requirement("F008")
@pytest.mark.requirement("F008", "F070", "F160", refuses=True)
@pytest.mark.parametrize("verdict", ["not met", "not stated"])
def test_another_hla_type_holds_the_batch_before_a_cell_is_touched(tmp_path: Path, verdict: str) -> None:
    """Also when the typing does not say: what is not known is no match."""
    wrong = answer(r"^Compare \(.*\)\. restricting allele", criterion=verdict)
    run = run_batch(make_site(tmp_path / "site", "a"), wrong, recipe=RECIPE)
    assert run.step("hla").state == "mismatched"
    assert getattr(run.things["container/APH-0001"], "on_hold", False)
    assert run.state == "held"


@pytest.mark.requirement("F009", "F020.2", refuses=True)
def test_a_document_of_another_patient_locks_the_check(tmp_path: Path) -> None:
    """The chain of identity on the typing is scanned: nothing goes on until two people have cleared the line."""
    wrong = scan(r"^Scan the chain-of-identity code on the document", "&/CHA999926H4RV01")
    run = run_batch(make_site(tmp_path / "site", "a"), wrong, recipe=RECIPE, until=7200.0)
    [lock] = [event for event in run.events if event.kind == "lock"]
    assert lock.stream.startswith("prompt/B-001.hla.")
    assert any(title.endswith("of another patient was scanned") for title in run.deviations())
