"""Stability studies at the door: what they are made of, what the data propose, and what nobody may decide."""

from datetime import timedelta

import pytest

from automation.gmp.product.labels import Label
from automation.gmp.product.releases import Release
from automation.gmp.quality.stability import Study
from automation.gmp.shelf_lives import MONTH, check_label, expiry_of
from automation.kernel.clock import local
from automation.kernel.errors import RefusedError
from tests.support.doors import ZONE, Doorway, proof
from tests.support.thread import Body, Thread
from tests.unit.gmp.moves_of_product import aged, enrolled, kept, ready

STREAM = "stability/X1"
AUTHOR, APPROVER = (proof("review", "authored"),), (proof("approve", "approved"),)
DECIDER = (proof("approve", "responsible"),)


def approved(way: Doorway, **changed: object) -> Thread:
    """Give a story with a study that has been approved."""
    thread = Thread(way, "X1")
    ready(thread, "stability", "write")
    thread.do("stability", "write", by="review", **changed)
    thread.do("stability", "approve", by="approve")
    return thread


def told(way: Doorway) -> str:
    """Give what a study says of its data."""
    return "; ".join(way.get(Study, STREAM).told(way.door))


@pytest.mark.requirement("F149", refuses=True)
def test_a_protocol_names_attributes_of_an_effective_specification_and_ages_that_rise(way: Doorway) -> None:
    """What the specification does not name, ages out of order and the author as approver are refused."""
    thread = Thread(way, "X1")
    ready(thread, "stability", "write")
    plan = thread.body("stability", "write")
    for changed, why in (
        ({"attributes": ["colour"]}, "studies colour, which X1 does not name"),
        ({"months": [0.0, 6.0, 3.0]}, "needs ages that rise"),
        ({"specification": "SPEC-9"}, "SPEC-9, which is absent, not effective"),
    ):
        with pytest.raises(RefusedError, match=why):
            way.do(STREAM, "write", {**plan, **changed}, by="review", signs=AUTHOR)
    way.do(STREAM, "write", plan, by="second", signs=(proof("second", "authored"),))
    with pytest.raises(RefusedError, match="was written by second"):
        way.do(STREAM, "approve", by="second", signs=(proof("second", "approved"),))
    way.do(STREAM, "approve", by="approve", signs=APPROVER)
    assert len(way.refusals(STREAM)) == 4


@pytest.mark.requirement("F121", "F149.1")
@pytest.mark.requirement("F149.1", refuses=True)
def test_only_samples_kept_at_the_condition_with_a_pull_at_every_age_are_enrolled(way: Doorway) -> None:
    """Another condition, an age without its pull, a lot twice; then the right reserve is taken."""
    thread = approved(way)
    with pytest.raises(RefusedError, match="it is absent, no stability reserve"):
        thread.do("stability", "enrol", by="review")
    kept(thread)
    with pytest.raises(RefusedError, match=r"no pull for all attributes at 3, 6 months, within 7 d"):
        thread.do("stability", "enrol", by="review", since="2026-01-01T00:00")
    thread.do("stability", "enrol", by="review")
    with pytest.raises(RefusedError, match="has lot X1 already"):
        thread.do("stability", "enrol", by="review")
    other = approved_elsewhere(way, thread)
    with pytest.raises(RefusedError, match="kept at 'vapour of liquid nitrogen'; the study is about '5 degC'"):
        way.do(other, "enrol", thread.body("stability", "enrol"), by="review")


def approved_elsewhere(way: Doorway, thread: Thread) -> str:
    """Make a study of another condition."""
    plan: Body = {**thread.body("stability", "write"), "condition": "5 degC"}
    way.do("stability/X9", "write", plan, by="review", signs=AUTHOR)
    way.do("stability/X9", "approve", by="approve", signs=APPROVER)
    return "stability/X9"


@pytest.mark.requirement("F149.2")
@pytest.mark.requirement("F149.2", refuses=True)
def test_the_data_propose_and_a_person_decides_never_more_than_they_carry(way: Doorway) -> None:
    """Six months were tested: nine are refused, the author and a study without data, too; six are decided."""
    thread = approved(way)
    with pytest.raises(RefusedError, match="has no lot"):
        thread.do("stability", "decide", by="approve")
    enrolled(thread)
    assert "viability: 6.0 months (3 results, one line for all batches" in told(way)
    assert "1 of at least 3 lots" in told(way)
    with pytest.raises(RefusedError, match=r"carries 6\.0 months by viability, not 9"):
        thread.do("stability", "decide", by="approve", months=9.0)
    thread.do("stability", "decide", by="approve")
    assert "decided by approve: 6 months" in told(way)


@pytest.mark.requirement("F149.2")
@pytest.mark.requirement("F149.2", refuses=True)
def test_where_the_confidence_limit_meets_the_limit_the_shelf_life_ends(way: Doorway) -> None:
    """Viability falls from 75.2 to 70.4 %: the mean meets 70 % at six months, its confidence limit does not."""
    thread = approved(way)
    enrolled(thread, "75.2", "72.5", "70.4")
    study = way.get(Study, STREAM)
    months, sentence = study.proposal(way.door, "viability")
    assert 4.5 < months < 5.0
    assert "95 % limit meets it at 4." in sentence
    with pytest.raises(RefusedError, match=r"carries 4\.\d months by viability, not 6"):
        thread.do("stability", "decide", by="approve")
    thread.do("stability", "decide", by="approve", months=4.5)


@pytest.fixture
def ruled(way: Doorway) -> Thread:
    """A decided shelf life of six months, and a lot that was issued, filled and labelled after it."""
    thread = approved(way)
    enrolled(thread)
    thread.do("stability", "decide", by="approve")
    later = Thread(way, "X2")
    later.through("label-P", "apply")
    return later


@pytest.mark.requirement("F149.2")
@pytest.mark.requirement("F149.2", refuses=True)
def test_the_decided_shelf_life_is_the_expiry_of_the_lots_that_come_after(ruled: Thread) -> None:
    """Counted from the first label; the lot before has none by it, and after it nothing is released or given."""
    way = ruled.way
    assert expiry_of(way.door, "X1") is None
    made = expiry_of(way.door, "X2")
    label = way.get(Label, "label/X2-P-L1")
    last = local(label.issued_at + 6 * MONTH, zone=ZONE).date() - timedelta(days=1)
    assert made is not None
    assert (made[0], made[1].study, made[1].months) == (str(last), "X1", 6.0)
    ruled.until("release", "release_conditionally")
    assert any(
        f"expires {last}: 6 months by study X1" in line for line in way.get(Release, "release/X2").told(way.door)
    )
    way.clock.go(float(6 * MONTH))
    with pytest.raises(RefusedError, match=f"lot X2 expired {last}: 6 months by study X1"):
        ruled.do("release", "release_conditionally", by="release")


@pytest.mark.requirement("F149.2", refuses=True)
def test_a_label_does_not_say_more_than_the_shelf_life_and_people_print_what_it_gives(ruled: Thread) -> None:
    """A later date and what is no date are refused on any label of the lot."""
    way = ruled.way
    for text, why in (
        ("2099-01-01", "says that it can be used until 2099-01-01; the shelf life of study X1"),
        ("soon", "is no expiry"),
    ):
        with pytest.raises(RefusedError, match=why):
            check_label(way.door, "X2", lines=(f"Expiry {text}",), label="X2-P-L2")
    last = str(local(way.clock.now() + 6 * MONTH, zone=ZONE).date() - timedelta(days=1))
    check_label(way.door, "X2", lines=(f"Expiry {last}",), label="X2-P-L2")
    check_label(way.door, "X1", lines=("Expiry 2099-01-01",), label="X1-P-L2")


@pytest.mark.requirement("F149.2", refuses=True)
def test_too_few_ages_and_what_is_no_number_carry_no_shelf_life(way: Doorway) -> None:
    """After two ages and with a result below the limit of quantitation it is said why; nothing is decided."""
    thread = approved(way)
    enrolled(thread, "84.6", "83.9")
    assert "tested at 2 times; a line needs at least 3" in told(way)
    with pytest.raises(RefusedError, match="carries no shelf life by viability"):
        thread.do("stability", "decide", by="approve", months=1.0)
    way.clock.go(float(3 * MONTH))
    aged(thread, 2, "<1")
    assert "viability is '<1'" in told(way)


@pytest.mark.requirement("F149.1", "F065")
@pytest.mark.requirement("F149.1", "F065", refuses=True)
def test_tests_of_stability_are_of_pulled_samples_and_no_tests_for_release(way: Doorway) -> None:
    """A sample that is still kept is not tested, another one is not taken in; a second test of an age is a retest."""
    thread = approved(way)
    kept(thread)
    request = {"sample": "X1-S1"}
    with pytest.raises(RefusedError, match="which no stability reserve of X1 keeps"):
        thread.do("test-7", "request", by="review", sample="X1-Q")
    thread.do("test-7", "request", by="review", **request)
    with pytest.raises(RefusedError, match="is a second one of viability"):
        thread.do("test-8", "request", by="review", **request)
    with pytest.raises(RefusedError, match="X1-S1, which was not pulled"):
        thread.do("test-7", "take_in", by="perform", **request)
    with pytest.raises(RefusedError, match="X1-S1 of a stability reserve; X1-Q came"):
        thread.do("test-7", "take_in", by="perform", sample="X1-Q")
    thread.until("release", "open", without="test-2")
    thread.do("release", "open", by="review")
    text = " ".join(way.door.find("release", "X1").told(way.door))  # type: ignore[attr-defined]  # a release
    assert "X1-7" not in text


@pytest.mark.requirement("F149.2")
@pytest.mark.requirement("F149.2", refuses=True)
def test_a_study_ends_when_its_samples_are_pulled_and_its_shelf_life_is_decided(way: Doorway) -> None:
    """Neither without a decision, nor while a sample waits."""
    thread = approved(way)
    kept(thread)
    thread.do("stability", "enrol", by="review")
    body, signs = thread.body("stability", "end"), APPROVER
    with pytest.raises(RefusedError, match="has decided no shelf life"):
        way.do(STREAM, "end", body, by="approve", signs=signs)
    for command, by in (("take_in", "perform"), ("report", "perform"), ("review", "review")):
        thread.do("test", command, by=by)
    for number, value in ((1, "83.9"), (2, "83.5")):
        way.clock.go(float(3 * MONTH))
        aged(thread, number, value)
    way.do(STREAM, "decide", thread.body("stability", "decide"), by="approve", signs=DECIDER)
    way.do(STREAM, "end", body, by="approve", signs=signs)
