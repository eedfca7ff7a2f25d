"""Training: from a curriculum to a person who may, and every way in which one may not."""

import pytest

from automation.gmp.people.training import Training
from automation.gmp.qualified import Work, fades, skilled, unqualified
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from tests.support.doors import START, Doorway, proof
from tests.support.thread import Thread
from tests.unit.gmp.moves import ISSUE
from tests.unit.gmp.moves_of_quality import act, check_refused, effective, following

FILL, ANNA = "curriculum/fill", "training/fill.perform"
DAYS = 86_400.0  # s
PLAN: dict[str, object] = {
    "title": "Filling bags",
    "operations": ["fill"],
    "documents": ["SOP-12@3"],
    "observed": 2,
    "pass_mark": 80,
    "valid_days": 365,
    "trainers": ["supervise"],
}
READ = {"documents": ["SOP-12@3"]}
GOOD = {"run": "batch/B1/step/fill", "passed": True}
BAD = {**GOOD, "passed": False}
QUIZ = {"score": 85, "form": "QUIZ-12@1"}


def curriculum(way: Doorway, stream: str = FILL, **said: object) -> None:
    """Bring a curriculum into force, or its next version."""
    act(way, stream, "write", {**PLAN, **said}, by="supervise")
    act(way, stream, "approve", by="approve")
    following(way)


def assigned(way: Doorway, stream: str = FILL, **said: object) -> None:
    """Put a person's training on the list."""
    act(way, stream, "assign", {"person": "perform", **said}, by="supervise")
    following(way)


def shown(way: Doorway, training: str = ANNA, *, read: dict[str, object] | None = None, runs: int = 2) -> None:
    """Let the person read, and show all that is asked."""
    act(way, training, "read", read or dict(READ), by="perform")
    for number in range(runs):
        act(way, training, "observe", {**GOOD, "run": f"{way.ledger.version(training)}, run {number}"}, by="supervise")
    act(way, training, "assess", dict(QUIZ), by="supervise")


def missing(way: Doorway, *, batch: str = "", who: str = "perform") -> str:
    """Say why a person may not fill."""
    return unqualified(way.door, who, Work("fill", batch), at=way.clock.now())


@pytest.mark.requirement("F085", "F087", "F088", "F089")
def test_a_person_may_as_soon_as_everything_was_read_shown_and_approved(way: Doorway) -> None:
    """Before the curriculum plain training counts; from its approval on nothing but the whole way does."""
    way.do("person/perform", "train", {"operation": "fill"}, by="supervise")
    told = [missing(way)]
    curriculum(way)
    told.append(missing(way))
    assigned(way)
    told.append(missing(way))
    shown(way)
    told.append(missing(way))
    act(way, ANNA, "qualify", by="supervise")
    assert [*told, missing(way)] == [
        "",
        "fill: perform needs SOP-12@3: the training is absent",
        "fill: perform needs SOP-12@3: the training is assigned",
        "fill: perform needs SOP-12@3: the training is read and understood",
        "",
    ]


@pytest.mark.requirement("F087", "F179", refuses=True)
@pytest.mark.parametrize(
    ("command", "by", "body", "match"),
    [
        ("observe", "perform", GOOD, "nobody trains the own person"),
        ("assess", "perform", QUIZ, "nobody trains the own person"),
        ("observe", "verify", GOOD, "observed by a qualified trainer; verify needs to be qualified"),
    ],
)
def test_nobody_is_trained_by_oneself_or_by_somebody_who_is_not_qualified(
    way: Doorway, command: str, by: str, body: dict[str, object], match: str
) -> None:
    """Refused and recorded; the same by a trainer counts."""
    curriculum(way)
    assigned(way)
    act(way, ANNA, "read", dict(READ), by="perform")
    with pytest.raises(RefusedError, match=match):
        act(way, ANNA, command, body, by=by)
    assert len(way.refusals(ANNA)) == 1
    act(way, ANNA, command, body, by="supervise")


@pytest.mark.requirement("F088", "F179", refuses=True)
def test_nobody_reads_for_another_or_less_than_all(way: Doorway) -> None:
    """Each signs the own reading, of the very versions that were assigned."""
    curriculum(way, documents=["SOP-12@3", "WI-4@1"])
    assigned(way)
    with pytest.raises(RefusedError, match="is perform's; nobody reads for another"):
        act(way, ANNA, "read", {"documents": ["SOP-12@3", "WI-4@1"]}, by="verify")
    with pytest.raises(RefusedError, match="asks for WI-4@1, too"):
        act(way, ANNA, "read", dict(READ), by="perform")
    act(way, ANNA, "read", {"documents": ["WI-4@1", "SOP-12@3"]}, by="perform")
    assert way.state(ANNA) == "read and understood"


@pytest.mark.requirement("F087", "F089")
@pytest.mark.requirement("F089", refuses=True)
def test_runs_count_when_they_were_passed_in_a_row_and_a_quiz_when_its_last_score_is_high_enough(way: Doorway) -> None:
    """One run that was not passed begins the counting anew; nothing of it is deleted."""
    curriculum(way)
    assigned(way)
    act(way, ANNA, "read", dict(READ), by="perform")
    for number, run in enumerate((GOOD, BAD, GOOD)):
        act(way, ANNA, "observe", {**run, "run": f"run {number}"}, by="supervise")
    act(way, ANNA, "assess", {**QUIZ, "score": 79.9}, by="supervise")
    with pytest.raises(RefusedError, match="1 of 2 observed runs passed in a row"):
        act(way, ANNA, "qualify", by="supervise")
    act(way, ANNA, "observe", dict(GOOD), by="supervise")
    with pytest.raises(RefusedError, match=r"at least 80.0 % \(last: 79.9\)"):
        act(way, ANNA, "qualify", by="supervise")
    act(way, ANNA, "assess", dict(QUIZ), by="supervise")
    act(way, ANNA, "qualify", by="supervise")
    assert len(way.get(Training, ANNA).observations) == 4


@pytest.mark.requirement("F087", "F088", refuses=True)
def test_a_curriculum_names_people_and_documents_that_are_there(way: Doorway) -> None:
    """A document of nowhere can't be read; a site that keeps no instructions here names them as it likes."""
    check_refused(way, FILL, "write", {**PLAN, "trainers": ["ghost"]}, by="supervise", match="ghost, who is no active")
    act(way, FILL, "write", dict(PLAN), by="supervise")
    effective(way, "SOP-13@1")
    match = "teaches SOP-12@3, which is no document of this site"
    check_refused(way, FILL, "write", dict(PLAN), by="supervise", match=match)
    for name in ("SOP-13", "SOP-13@1"):
        act(way, FILL, "write", {**PLAN, "documents": [name]}, by="supervise")


@pytest.mark.requirement("F087", "F088", refuses=True)
@pytest.mark.parametrize("again", ["run 1", " RUN 1 "])
def test_a_run_that_was_observed_counts_once(way: Doorway, again: str) -> None:
    """Two entries of one run are one run; a run that was not passed is not passed by entering it again."""
    curriculum(way)
    assigned(way)
    act(way, ANNA, "read", dict(READ), by="perform")
    act(way, ANNA, "observe", {**BAD, "run": "run 0"}, by="supervise")
    act(way, ANNA, "observe", {**GOOD, "run": "run 1"}, by="supervise")
    for run in (again, "run 0"):
        with pytest.raises(RefusedError, match="already, which counts once; name the other run"):
            act(way, ANNA, "observe", {**GOOD, "run": run}, by="supervise")
    act(way, ANNA, "observe", {**GOOD, "run": "run 2"}, by="supervise")
    assert way.get(Training, ANNA).in_a_row == 2


@pytest.mark.requirement("F081", "F084.1", "F158")
@pytest.mark.requirement("F081", "F084.1", "F087", "F158", refuses=True)
def test_gowning_and_media_fill_end_by_their_date_and_take_the_operation_with_them(way: Doorway) -> None:
    """To the day of its end one may; after it filling is refused, and the skill is what is named."""
    skill: dict[str, object] = {"operations": [], "documents": [], "pass_mark": None, "observed": 3}
    curriculum(way, "curriculum/gowning", **skill, valid_days=180)
    curriculum(way, also=["gowning"])
    for stream in (FILL, "curriculum/gowning"):
        assigned(way, stream)
    shown(way)
    shown(way, "training/gowning.perform", runs=3)
    for training in (ANNA, "training/gowning.perform"):
        act(way, training, "qualify", by="supervise")
    told = [missing(way)]
    way.clock.go(180 * DAYS)
    told.append(missing(way))
    way.clock.go(1.0)
    told += [missing(way), skilled(way.door, "perform", curriculum="gowning", at=way.clock.now())]
    ended = "gowning: perform was qualified until 2027-05-21"
    assert told == ["", "", ended, ended]


@pytest.mark.requirement("F087", "F178")
@pytest.mark.requirement("F178", refuses=True)
def test_a_skill_that_was_not_performed_for_too_long_has_faded(way: Doorway) -> None:
    """Performing it counts as of that moment; being trained again brings it back."""
    curriculum(way, fade_days=90, observed=0, pass_mark=None)
    assigned(way)
    act(way, ANNA, "read", dict(READ), by="perform")
    act(way, ANNA, "qualify", by="supervise")
    way.clock.go(60 * DAYS)
    question = {"kind": "confirm", "text": "Is the bag full?", "asks": ["perform"], "operation": "fill"}
    way.do("prompt/P-1", "open", question)
    way.do("prompt/P-1", "answer", {}, by="perform")
    told = []
    for days in (60, 31):
        way.clock.go(days * DAYS)
        told.append(missing(way))
    assert fades(way.door, "perform", curriculum="fill") == START + Seconds(150 * DAYS)
    assert told == ["", "fill: perform has not performed it for 91 d; 90 d are allowed"]


@pytest.mark.requirement("F088", "F118")
def test_a_revision_opens_the_trainings_again_and_a_batch_keeps_its_version(way: Doorway) -> None:
    """For the batch of before the first version is enough; a new one needs the training on the new version."""
    curriculum(way, trainers=["supervise", "verify"])
    assigned(way, mentor="verify")
    shown(way)
    act(way, ANNA, "qualify", by="supervise")
    way.do("batch/B-1", "issue", ISSUE, by="issue")
    way.clock.go(60.0)
    curriculum(way, documents=["SOP-12@4"])
    way.clock.go(60.0)
    way.do("batch/B-2", "issue", {**ISSUE, "identity": "COI-2"}, by="issue")
    training = way.get(Training, ANNA)
    assert (training.state, training.mentor, training.task and training.task.documents) == (
        "assigned",
        "verify",
        ("SOP-12@4",),
    )
    new = "fill: perform needs SOP-12@4: the training is assigned; the qualification covers other versions"
    assert [missing(way, batch="B-1"), missing(way, batch="B-2")] == ["", new]
    shown(way, read={"documents": ["SOP-12@4"]})
    act(way, ANNA, "qualify", by="supervise")
    assert [missing(way, batch="B-1"), missing(way, batch="B-2")] == ["", ""]


@pytest.mark.requirement("F088", "F118")
def test_a_new_version_of_a_document_that_is_taught_opens_the_trainings_again(way: Doorway) -> None:
    """The curriculum names the document; from the moment the new version holds, training on it is what counts."""
    effective(way, "SOP-12@1")
    curriculum(way, documents=["SOP-12"], observed=0, pass_mark=None)
    assigned(way)
    act(way, ANNA, "read", {"documents": ["SOP-12@1"]}, by="perform")
    act(way, ANNA, "qualify", by="supervise")
    way.clock.go(60.0)
    effective(way, "SOP-12@2", begins="2026-11-29T00:00")
    following(way)
    told = [missing(way)]
    way.clock.go(7 * DAYS)
    told.append(missing(way))
    act(way, ANNA, "read", {"documents": ["SOP-12@2"]}, by="perform")
    act(way, ANNA, "qualify", by="supervise")
    new = "fill: perform needs SOP-12@2: the training is read and understood; the qualification covers other versions"
    assert [*told, missing(way)] == ["", new.replace("read and understood", "assigned"), ""]


@pytest.mark.requirement("F085", "F152.1")
def test_a_curriculum_for_a_role_assigns_whoever_holds_it_and_is_on_their_lists(way: Doorway) -> None:
    """With fourteen days to read it; who is late is on the supervisor's list as well."""
    curriculum(way, roles=["perform"])
    due = way.get(Training, ANNA).dues[0]
    assert (due.owner, due.what, due.by) == ("perform", "read SOP-12@3 for fill", START + Seconds(14 * DAYS))
    assert due.concerns("supervise", {"supervise"}, due.by + Seconds(1.0))


@pytest.mark.requirement("F086")
@pytest.mark.requirement("F085", "F086", refuses=True)
def test_nobody_is_the_own_mentor_or_assigns_the_own_person(way: Doorway) -> None:
    """The mentor has the observed runs on the list."""
    curriculum(way)
    for body, by in (({"person": "perform", "mentor": "perform"}, "supervise"), ({"person": "supervise"}, "supervise")):
        with pytest.raises(RefusedError, match="nobody trains the own person"):
            act(way, FILL, "assign", dict(body), by=by)
    with pytest.raises(RefusedError, match="can't have verify as mentor, who needs to be qualified: the training"):
        assigned(way, mentor="verify")
    curriculum(way, trainers=["supervise", "verify"])
    assigned(way, mentor="verify")
    act(way, ANNA, "read", dict(READ), by="perform")
    assert way.get(Training, ANNA).dues[0].owner == "verify"


@pytest.mark.requirement("F087")
@pytest.mark.requirement("F087", refuses=True)
def test_a_qualification_that_was_revoked_counts_no_more_and_earlier_evidence_can_be_recognised(way: Doorway) -> None:
    """What was read stays asked for; approved by quality, never by the person."""
    curriculum(way)
    assigned(way)
    act(way, ANNA, "read", dict(READ), by="perform")
    act(way, ANNA, "recognise", {"evidence": "ten years at site B"}, by="approve")
    told = [missing(way)]
    act(way, ANNA, "revoke", {"reason": "deviation B1-D03"}, by="approve")
    assert [*told, missing(way)] == ["", "fill: perform lost the qualification: deviation B1-D03"]


@pytest.mark.requirement("F087", refuses=True)
def test_a_lot_for_a_patient_at_a_live_site_needs_a_curriculum(live: Doorway) -> None:
    """An engineering lot goes by plain training, given by a person; for a lot of an order that is not enough."""
    live.do("person/perform", "train", {"operation": "fill"}, by="supervise")
    live.do("batch/B-1", "issue", {**ISSUE, "seed": None}, by="issue")
    Thread(live, "X1").through("batch", "issue")
    assert [missing(live, batch="B-1"), missing(live, batch="X1")] == [
        "",
        "for which no curriculum is in force; a clinical lot needs one",
    ]


@pytest.mark.requirement("F087")
@pytest.mark.requirement("F087", refuses=True)
def test_a_question_is_answered_by_the_qualified_alone(way: Doorway) -> None:
    """The door asks when the answer is given; who is qualified meanwhile may."""
    curriculum(way, observed=0, pass_mark=None)
    assigned(way)
    question = {"kind": "confirm", "text": "Is the bag full?", "asks": ["perform"], "operation": "fill@1"}
    way.do("prompt/P-1", "open", question)
    with pytest.raises(RefusedError, match=r"is part of fill@1, fill: perform needs SOP-12@3"):
        way.do("prompt/P-1", "answer", {}, by="perform")
    act(way, ANNA, "read", dict(READ), by="perform")
    act(way, ANNA, "qualify", by="supervise")
    way.do("prompt/P-1", "answer", {}, by="perform")
    assert (way.state("prompt/P-1"), len(way.refusals("prompt/P-1"))) == ("answered", 1)


@pytest.mark.requirement("F087", "F152.1", refuses=True)
def test_who_wrote_a_curriculum_does_not_approve_it(way: Doorway) -> None:
    """Not even with the right to."""
    signs = (proof("second", "authored"),)
    way.do(FILL, "write", PLAN, by="second", signs=signs)
    with pytest.raises(RefusedError, match="was written by second; someone else has to approve it"):
        way.do(FILL, "approve", by="second", signs=(proof("second", "approved"),))


@pytest.mark.requirement("F086", "F087", refuses=True)
def test_nobody_trains_others_in_what_the_own_hands_have_not_done_for_too_long(way: Doorway) -> None:
    """Qualified, perform may observe; after more days without filling than the curriculum allows, not any more."""
    curriculum(way, fade_days=90)
    assigned(way)
    shown(way)
    act(way, ANNA, "qualify", by="supervise")
    assigned(way, person="verify")
    act(way, "training/fill.verify", "read", dict(READ), by="verify")
    act(way, "training/fill.verify", "observe", {**GOOD, "run": "mock 1"}, by="perform")
    way.clock.go(91 * DAYS)
    late = {**GOOD, "run": "mock 2"}
    with pytest.raises(RefusedError, match="perform has not performed it for 91 d; 90 d are allowed"):
        act(way, "training/fill.verify", "observe", late, by="perform")
