"""Tables of a submission that need more than one batch or months of waiting: evaluation, stability, materials."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from automation.bootstrap import operations
from automation.engine.recipe.load import load
from automation.kernel.errors import RefusedError
from automation.ledger.read import Reader
from automation.views.objects import Objects
from automation.views.sections import Subject, made_by, written
from tests.support.doors import doorway
from tests.support.history import BATCHES, history, viability
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_product import enrolled, ready

RECIPE = load("freeze-day", operations())


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Objects]:
    """Look at a site with thirty batches."""
    with Reader(history(tmp_path_factory.mktemp("sections") / "site")) as reader:
        yield Objects(reader)


@pytest.mark.requirement("F148.2")
def test_what_a_process_came_to_is_told_with_the_events_of_every_number(many: Objects) -> None:
    """Thirty batches: mean and range of the viability, from an event of each."""
    about = Subject(many, RECIPE, made_by(many, "count-day@1"))
    evaluation = written("3.2.P.3.5", about)[0]
    [line] = [one for one in evaluation.lines if one.cells[0] == "count.viability"]
    values = [viability(batch) for batch in BATCHES]
    assert line.cells[2] == "30"
    assert [float(one) for one in line.cells[5:]] == pytest.approx([min(values), max(values)])
    assert len(line.events) >= len(BATCHES)


@pytest.mark.requirement("F148.2", refuses=True)
def test_what_the_records_do_not_carry_is_refused_with_what_is_missing(many: Objects) -> None:
    """Two batches are no evaluation; nothing was tested; a step of the substance needs the applicant's word."""
    about = Subject(many, RECIPE, made_by(many, "count-day")[:2])
    for number, why in (
        ("3.2.P.3.5", "2 batches of freeze-day are complete; at least 3 are needed"),
        ("3.2.P.5.1", "no specification of .* is in force"),
        ("3.2.P.8.3", "no specification of .* is in force"),
        ("3.2.S.2.4", "not stated where the drug product begins"),
    ):
        with pytest.raises(RefusedError, match=f"section {number} can't be written: .*{why}"):
            written(number, about)


@pytest.mark.requirement("F148.2")
def test_stability_stands_with_lot_age_and_the_events_of_each_result(tmp_path: Path) -> None:
    """Three ages of one lot; what the data carry stands beside them."""
    with doorway(tmp_path) as way:
        thread = Thread(way, "X1")
        ready(thread, "stability", "write")
        thread.do("stability", "write", by="review")
        thread.do("stability", "approve", by="approve")
        enrolled(thread)
    with Reader(tmp_path) as reader:
        objects = Objects(reader)
        about = Subject(objects, RECIPE, made_by(objects, "car-t"))
        [data] = written("3.2.P.8.3", about)
        [summary] = written("3.2.P.8.1", about)
        kinds = {event.seq: event.kind for event in reader.events()}
    assert [(one.cells[0], one.cells[2]) for one in data.lines] == [("X1", "0.0"), ("X1", "3.0"), ("X1", "6.0")]
    assert all({kinds[seq] for seq in one.events} >= {"report", "review"} for one in data.lines)
    assert "viability: 6.0 months" in summary.lines[0].cells[1]
