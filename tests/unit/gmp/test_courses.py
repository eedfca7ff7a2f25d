"""The course on data integrity: a version never changes, its quiz is graded, and without it nobody records."""

import hashlib

import pytest

from automation.gmp.courses.known import COURSES, course
from automation.gmp.people.training import Training
from automation.kernel.errors import InputError
from tests.support.doors import Doorway
from tests.unit.gmp.moves_of_people import COURSE
from tests.unit.gmp.moves_of_quality import Body, act, check_refused, following

DI, MINE = "curriculum/DI", "training/DI.perform"
PLAN: Body = {"title": "Data integrity", "valid_days": 365, "trainers": ["supervise"], **COURSE}
FROZEN = {"data-integrity@1": "937da86b7aa101e5848e7467cb13a7a469506c96e58f3e133115c753eac3edcf"}
SEEN: Body = {"subject": "person/perform", "title": "a stain"}


def letters(attempt: int) -> str:
    """Give the right answers of an attempt."""
    return "".join(one.right for one in course("data-integrity@1").paper("DI.perform", attempt=attempt))


def taught(way: Doorway, **said: object) -> None:
    """Bring the curriculum into force, and let somebody read for it."""
    act(way, DI, "write", {**PLAN, **said}, by="supervise")
    act(way, DI, "approve", by="approve")
    act(way, DI, "assign", {"person": "perform"}, by="supervise")
    following(way)
    act(way, MINE, "read", by="perform")


@pytest.mark.requirement("F165.3")
def test_a_version_of_a_course_is_never_changed() -> None:
    """What was answered is graded by it for ever: a correction is another version."""
    found = {one.id: hashlib.sha256((one.text + repr(one.questions)).encode()).hexdigest() for one in COURSES.values()}
    assert found == FROZEN


@pytest.mark.requirement("F165.3")
def test_each_question_has_one_right_answer_its_reason_and_its_source() -> None:
    """Four different answers each; the text names every letter of ALCOA."""
    for one in COURSES.values():
        assert all(len(set(each.options)) == 4 and each.right in "abcd" for each in one.questions)
        assert all(each.why and each.source for each in one.questions)
    said = course("data-integrity@1").text
    words = ("Attributable", "Legible", "Contemporaneous", "Original", "Accurate", "Complete", "Consistent")
    assert all(word in said for word in words)


@pytest.mark.requirement("F165.3")
@pytest.mark.requirement("F165.3", refuses=True)
def test_the_score_follows_from_the_answers_and_each_attempt_has_another_order(way: Doorway) -> None:
    """Letters of the first attempt do not fit the second; what was wrong is named by its topic."""
    taught(way)
    assert letters(1) != letters(2)
    with pytest.raises(InputError, match="12 letters of 'abcd' are needed"):
        act(way, MINE, "examine", {"letters": "abc"}, by="perform")
    wrong = letters(1)[:-1] + ("a" if letters(1)[-1] != "a" else "b")
    act(way, MINE, "examine", {"letters": wrong}, by="perform")
    training = way.get(Training, MINE)
    assert training.score == pytest.approx(100 * 11 / 12)
    assert (training.attempts, len(training.again)) == (1, 1)
    act(way, MINE, "examine", {"letters": letters(2)}, by="perform")
    act(way, MINE, "qualify", by="supervise")
    assert (way.get(Training, MINE).score, way.state(MINE)) == (100.0, "qualified")


@pytest.mark.requirement("F165.3")
@pytest.mark.requirement("F165.3", refuses=True)
def test_from_its_day_on_nobody_records_without_it_and_the_way_to_it_stays_open(way: Doorway) -> None:
    """Before the day everybody does; after a year it ends. What is dangerous can always be said."""
    taught(way, records_from="2026-11-23T09:00")
    act(way, "deviation/D-1", "open", SEEN, by="verify")
    way.clock.go(86_400.0)
    why = "verify may not record anything: DI: verify needs to be qualified: the training is absent"
    check_refused(way, "deviation/D-2", "open", SEEN, by="verify", match=why)
    danger: Body = {"sort": "safety", "what": "a wet floor", "where": "Suite 1", "when": "2026-11-22T08:00"}
    act(way, "observation/O-1", "report", danger, by="verify")
    act(way, MINE, "examine", {"letters": letters(1)}, by="perform")
    act(way, MINE, "qualify", by="supervise")
    act(way, "deviation/D-2", "open", SEEN, by="perform")
    way.do("container/B1", "expect", {"identity": "COI-1"})
    way.do("container/B1", "receive")
    gone: Body = {"reason": "expired"}
    check_refused(way, "container/B1", "destroy", gone, by="perform", match="second may not record anything")
    way.clock.go(366 * 86_400.0)
    check_refused(way, "deviation/D-3", "open", SEEN, by="perform", match="DI: perform was qualified until 2027-11-23")


@pytest.mark.requirement("F165.3", refuses=True)
def test_a_curriculum_names_a_course_that_there_is_with_its_pass_mark(way: Doorway) -> None:
    """Else nobody could be graded by it."""
    check_refused(way, DI, "write", {**PLAN, "pass_mark": None}, by="supervise", match="say the pass mark")
    with pytest.raises(InputError, match="there is no course 'data-integrity@9'; there are data-integrity@1"):
        act(way, DI, "write", {**PLAN, "course": "data-integrity@9"}, by="supervise")
