"""Tables of a submission that need more than one batch or months of waiting: evaluation, stability, materials."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from automation.bootstrap import operations
from automation.engine.recipe.load import load
from automation.gmp.registry import KINDS
from automation.kernel.errors import RefusedError
from automation.ledger.read import Reader
from automation.views.objects import Objects
from automation.views.sections import Subject, made_by, written
from tests.support.doors import doorway
from tests.support.history import BATCHES, history, viability
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_product import enrolled, ready
from tests.unit.gmp.moves_of_quality import act, lot
from tests.unit.gmp.moves_of_transfers import PATHS, PPQ, before, body, completed, digest

RECIPE = load("freeze-day", operations())


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Objects]:
    """Look at a site with thirty batches."""
    with Reader(history(tmp_path_factory.mktemp("sections") / "site")) as reader:
        yield Objects(reader)


@pytest.mark.requirement("F148.2")
def test_what_a_recipe_does_not_set_is_said_in_words(many: Objects) -> None:
    """As nobody but who writes recipes knows ``null``."""
    given = written("3.2.P.3.3", Subject(many, load("final-day", operations()), made_by(many, "count-day")))[1]
    assert {"not set", "null"} & {one.cells[2] for one in given.lines} == {"not set"}


@pytest.mark.requirement("F148.2")
def test_what_a_process_came_to_is_told_with_the_events_of_every_number(many: Objects) -> None:
    """Thirty batches: mean and range of the viability, from an event of each."""
    about = Subject(many, RECIPE, made_by(many, "count-day@1"))
    evaluation = written("3.2.P.3.5", about)[0]
    [line] = [one for one in evaluation.lines if one.cells[0] == "count.viability"]
    values = [viability(batch) for batch in BATCHES]
    assert line.cells[2:4] == ("30", "30")
    assert [float(one) for one in line.cells[6:]] == pytest.approx([min(values), max(values)])
    assert len(line.events) >= len(BATCHES)


@pytest.mark.requirement("F148.2")
def test_an_evaluation_names_its_batches_and_the_qualifications_of_their_recipe(tmp_path: Path) -> None:
    """A stopped batch stands there too, and no number is of it; a qualification of another recipe is left out."""
    with doorway(tmp_path) as way:
        for command in PATHS["ppq", "closed", "none"]:
            before(way, "ppq", command, name="P-1")
            approves = command in {"approve", "close"}
            stated = KINDS["ppq"].table.decide(way.state("ppq/P-1"), command).body
            said = body("ppq", command, way=PATHS["ppq", "closed", "none"], name="P-1") if stated else None
            act(way, "ppq/P-1", command, said, by="approve" if approves else "investigate")
        act(way, "ppq/P-2", "plan", PPQ, by="investigate")
        for name in ("M-2", "M-3"):
            completed(way, name, recipe_digest=digest("P-1"))
        act(way, "batch/M-4", "issue", lot(recipe_digest=digest("P-1")), by="issue")
    with Reader(tmp_path) as reader:
        objects = Objects(reader)
        about = Subject(objects, RECIPE, made_by(objects, "freeze-day"))
        _, batches, ppq = written("3.2.P.3.5", about)
        kinds = {event.seq: event.kind for event in reader.events()}
    assert [(one.cells[0], one.cells[4]) for one in batches.lines] == [
        ("P-1", "yes"),
        ("M-2", "yes"),
        ("M-3", "yes"),
        ("M-4", "no"),
    ]
    assert [one.cells[:2] for one in ppq.lines] == [("P-1", "closed")]
    assert ppq.lines[0].cells[4:] == ("P-1", "", "as the report says")
    assert [kinds[seq] for seq in ppq.lines[0].events] == ["plan", "approve", "count", "conclude", "close"]


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """A lot whose viability meets its limit and is out of trend, and whose sterility is known so far."""
    folder = tmp_path_factory.mktemp("tested")
    viability: dict[str, object] = {"test": "viability", "method": "7-AAD", "limit": "at least 70.0 %", "loq": "1"}
    sterility: dict[str, object] = {"test": "sterility", "method": "USP <71>", "passes": ["no growth"], "days": 14.0}
    so_far = {**sterility, "stage": "afterwards", "so_far": ["no growth to date"]}
    criteria = [{**viability, "trend": "at least 90.0 %"}, so_far]
    with doorway(folder) as way:
        thread = Thread(way, "X1", otherwise={("specification", "write"): {"criteria": criteria}})
        thread.through("test-2", "report_preliminary")
    with Reader(folder) as reader:
        objects = Objects(reader)
        yield Subject(objects, RECIPE, made_by(objects, "car-t"))


@pytest.mark.requirement("F148.2")
def test_the_container_of_the_starting_material_is_no_closure_of_the_product(tested: Subject) -> None:
    """What was filled is; what it was filled from came to the site."""
    [closure] = written("3.2.P.7", tested)
    streams = {event.seq: event.stream for event in tested.objects.reader.events()}
    assert [streams[seq] for one in closure.lines for seq in one.events] == ["container/X1-P"]


@pytest.mark.requirement("F148.2")
def test_a_result_that_is_out_of_trend_is_not_told_as_out_of_specification(tested: Subject) -> None:
    """It meets its limit; what did not count, or could not be judged, has a column of its own."""
    [found] = written("3.2.P.5.6", tested)
    assert found.heads[4:] == ("values found", "out of specification", "not evaluable", "set aside")
    assert [one.cells[2:] for one in found.lines] == [
        ("1", "1", "84.6", "0", "0", "0"),
        ("1", "1", "no growth to date", "0", "0", "0"),
    ]


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
