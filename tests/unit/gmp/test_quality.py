"""Documents, changes and the other objects of quality: each rule with the cheat that it refuses and the right act."""

from collections.abc import Callable

import pytest

from automation.gmp.quality.deviations import Deviation
from automation.gmp.quality.documents import Document, in_force
from automation.kernel.errors import CellwrightError, RefusedError
from automation.kernel.quantity import Seconds
from tests.support.doors import SECOND, Doorway
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_quality import Body, act, check_refused, effective, following

NEXT_YEAR = "2031-01-01T00:00"


def written(way: Doorway, document: str, until: str = "submit", *, by: str = "supervise", **said: object) -> str:
    """Write a version, and submit or review it; gives its stream."""
    stream = f"document/{document}"
    made = {"title": "Freezing", "sort": "sop", "text": "Switch it on.\nWait.", **said}
    act(way, stream, "write", made, by=by)
    if until != "write":
        act(way, stream, "submit", by=by)
    if until == "review":
        act(way, stream, "review", by="review")
    return stream


@pytest.mark.requirement("F115", "F116", "F171", refuses=True)
@pytest.mark.parametrize(("until", "command"), [("submit", "review"), ("review", "approve")])
def test_whoever_wrote_a_document_neither_reviews_nor_approves_it(way: Doorway, until: str, command: str) -> None:
    """Also not the author of an earlier draft; somebody else does."""
    stream = written(way, "SOP-12@1", until, by=SECOND)
    check_refused(way, stream, command, by=SECOND, match=f"someone else has to {command} it")
    act(way, stream, command, by=command)
    assert way.state(stream) == {"review": "reviewed", "approve": "approved"}[command]


@pytest.mark.requirement("F116")
def test_a_version_begins_when_it_says_and_the_one_before_holds_until_then(way: Doorway) -> None:
    """Nobody has to be awake: what is in force is a matter of the moment that is asked about."""
    effective(way, "SOP-12@1")
    effective(way, "SOP-12@2", begins=NEXT_YEAR, text="Switch it on.\nWait an hour.")
    following(way)
    now, later = way.door.now, way.door.now + Seconds(6 * 366 * 86400.0)
    held = [in_force(way.door, "SOP-12", at) for at in (now, later)]
    assert [one.id for one in held if one] == ["SOP-12@1", "SOP-12@2"]
    assert way.state("document/SOP-12@1") == "superseded"
    assert way.get(Document, "document/SOP-12@2").told(way.door)[1:] == (
        "differs from SOP-12@1: @@ -2 +2 @@",
        "differs from SOP-12@1: -Wait.",
        "differs from SOP-12@1: +Wait an hour.",
    )


@pytest.mark.requirement("F116")
def test_a_version_that_is_withdrawn_before_its_day_leaves_the_one_before_in_force(way: Doorway) -> None:
    """It never held, so nothing ended."""
    effective(way, "SOP-12@1")
    effective(way, "SOP-12@2", begins=NEXT_YEAR)
    following(way)
    act(way, "document/SOP-12@2", "withdraw", {"reason": "the device was not bought"}, by="approve")
    following(way)
    held = in_force(way.door, "SOP-12", way.door.now + Seconds(6 * 366 * 86400.0))
    assert held is not None
    assert (held.id, held.state) == ("SOP-12@1", "effective")


@pytest.mark.requirement("F116", refuses=True)
def test_the_versions_of_a_document_are_all_of_one_sort(way: Doorway) -> None:
    """A recipe that an SOP of its name superseded would be under document control no more; a name that is free is."""
    made: Body = {"title": "Freezing day", "sort": "recipe", "text": "as the file", "digest": "d" * 64}
    effective(way, "freeze-day@1", sort="recipe", digest="d" * 64)
    sop: Body = {"title": "Freezing day", "sort": "sop", "text": "Do as you like."}
    match = "is a sop; freeze-day@1 is a recipe: another sort has another name"
    check_refused(way, "document/freeze-day@2", "write", sop, by="supervise", match=match)
    act(way, "document/freeze-day@2", "write", made, by="supervise")
    check_refused(way, "document/freeze-day@2", "revise", sop, by="supervise", match=match)
    act(way, "document/free-day@1", "write", sop, by="supervise")


@pytest.mark.requirement("F115", "F116", refuses=True)
@pytest.mark.parametrize(
    ("stream", "command", "body"),
    [
        ("document/SOP-12@1", "write", {"title": "Freezing", "sort": "sop", "text": "Wait."}),
        ("curriculum/fill", "write", {"title": "Freezing", "valid_days": 365}),
        ("change/CC-1", "propose", {"title": "Lid", "what": "a lid", "reason": "it was open"}),
    ],
)
def test_an_operation_that_is_written_wrongly_is_refused(way: Doorway, stream: str, command: str, body: Body) -> None:
    """It would bind nobody, and nobody would be told; other work has names of its own."""
    way.door.operations = frozenset({"freeze", "wash"})
    match = "names operation 'freez', which is none here; did you mean 'freeze'"
    check_refused(way, stream, command, {**body, "operations": ["freez"]}, by="supervise", match=match)
    act(way, stream, command, {**body, "operations": ["freeze", "UN3373"]}, by="supervise")


@pytest.mark.requirement("F116", refuses=True)
def test_a_document_is_neither_backdated_nor_given_a_gap_in_its_versions(way: Doorway) -> None:
    """The date and the number are refused; from now on, and the next number, are right."""
    stream = written(way, "SOP-12@1", "review")
    act(way, stream, "approve", by="approve")
    check_refused(way, stream, "make_effective", {"begins": "2026-01-01T00:00"}, by="approve", match="which is over")
    act(way, stream, "make_effective", by="approve")
    check_refused(way, "document/SOP-12@3", "write", _sop(), by="supervise", match="version 2 comes next")
    act(way, "document/SOP-12@2", "write", _sop(), by="supervise")


def _sop() -> Body:
    return {"title": "Freezing", "sort": "sop", "text": "Wait."}


@pytest.mark.requirement("F117")
@pytest.mark.requirement("F117", refuses=True)
def test_a_recipe_under_document_control_is_issued_in_its_effective_version_only(way: Doorway) -> None:
    """Another digest is refused for a lot for a patient, until a version with it holds."""
    effective(way, "freeze-day@1", sort="recipe", digest="a" * 64)
    lot = _lot("b" * 64)
    check_refused(way, "batch/B1", "issue", lot, by="issue", match=r"digest bbbbbbbbbbbb is not approved: freeze-day@1")
    effective(way, "freeze-day@2", sort="recipe", digest="b" * 64)
    act(way, "batch/B1", "issue", lot, by="issue")
    assert way.state("batch/B1") == "issued"


def _lot(digest: str) -> Body:
    recipe = {"recipe": "freeze-day", "recipe_version": "1", "recipe_digest": digest, "recipe_status": "approved"}
    made = {"lot_type": "clinical", "product": "T cells", "identity": "CHA999926GT0017", "release": "0.1.0"}
    return {**recipe, **made, "operations": {}, "site_digest": "f" * 64}


def changed(way: Doorway, **impact: object) -> str:
    """Propose, assess and approve a change and carry it out; gives its stream."""
    stream = "change/CC-1"
    act(way, stream, "propose", {**_change(), "operations": ["freeze"]}, by="perform")
    act(way, stream, "assess", {**_impact(), **impact}, by="investigate")
    act(way, stream, "approve", by="approve")
    act(way, stream, "implement", {"what": "mounted", "evidence": "a" * 64}, by="maintain")
    return stream


def _change() -> Body:
    return {"title": "Lid switch", "what": "from none to one", "reason": "lids stood open"}


def _impact() -> Body:
    return {"rationale": "nothing else", "owner": "maintain", "due": NEXT_YEAR}


def _train(way: Doorway) -> None:
    way.do("person/perform", "train", {"operation": "freeze", "version": "2"}, by="supervise")


def _teach(way: Doorway) -> None:
    plan: Body = {"title": "Freezing", "operations": ["freeze"], "valid_days": 365, "trainers": ["supervise"]}
    act(way, "curriculum/C", "write", plan, by="supervise")
    act(way, "curriculum/C", "approve", by="approve")
    task: Body = {
        "curriculum": "C",
        "person": "perform",
        "documents": ["SOP-12@3"],
        "valid_days": 365,
        "due": "2026-12-24",
    }
    way.do("training/perform-C", "assign", task)
    act(way, "training/perform-C", "read", {"documents": ["SOP-12@3"]}, by="perform")
    act(way, "training/perform-C", "recognise", {"evidence": "ten years of freezing"}, by="approve")


def _qualify(way: Doorway) -> None:
    way.do("asset/crf-01", "register", {"asset_class": "freezer"})
    act(way, "asset/crf-01", "qualify", {"due": "2031-01-31", "certificate": "PQ-2"}, by="approve")


IMPACTS: tuple[tuple[Body, str, Callable[[Doorway], None]], ...] = (
    ({"documents": ["SOP-12@1"]}, "document SOP-12@1 is absent", lambda way: effective(way, "SOP-12@1")),
    ({"recipes": ["rec@1"]}, "document rec@1 is absent", lambda way: effective(way, "rec@1")),
    ({"training": ["perform: freeze@2"]}, "perform is not trained on freeze@2", _train),
    ({"training": ["perform: SOP-12@3"]}, "perform is not trained on SOP-12@3", _teach),
    ({"validation": ["crf-01: PQ-2"]}, "asset crf-01 is absent by nothing, not by PQ-2", _qualify),
)


@pytest.mark.requirement("F076", "F113", "F117", "F118", "F155")
@pytest.mark.requirement("F076", "F118", refuses=True)
@pytest.mark.parametrize(
    ("impact", "match", "done"), IMPACTS, ids=["document", "recipe", "training", "qualification", "asset"]
)
def test_a_change_is_closed_when_what_it_names_is_done(
    way: Doorway, impact: Body, match: str, done: Callable[[Doorway], None]
) -> None:
    """Before, the refusal names what is missing."""
    stream = changed(way, **impact)
    check_refused(way, stream, "close", {"outcome": "good"}, by="approve", match=match)
    done(way)
    act(way, stream, "close", {"outcome": "no lid stood open"}, by="approve")
    assert way.state(stream) == "closed"


@pytest.mark.requirement("F113", refuses=True)
def test_an_impact_forgets_no_document_that_instructs_what_the_change_touches(way: Doorway) -> None:
    """Each is named with its new version, or with why it stays."""
    effective(way, "SOP-12@1", operations=["freeze"])
    act(way, "change/CC-1", "propose", {**_change(), "operations": ["freeze"]}, by="perform")
    check_refused(
        way, "change/CC-1", "assess", _impact(), by="investigate", match=r"touches SOP-12@1: name its new version"
    )
    act(way, "change/CC-1", "assess", {**_impact(), "untouched": ["SOP-12: no lid in it"]}, by="investigate")


@pytest.mark.requirement("F113", "F155", refuses=True)
def test_a_change_is_not_approved_by_who_asked_for_it_nor_closed_by_who_made_it(way: Doorway) -> None:
    """One person with every right tries both."""
    stream = "change/CC-1"
    act(way, stream, "propose", _change(), by=SECOND)
    act(way, stream, "assess", {**_impact(), "owner": SECOND}, by="investigate")
    check_refused(way, stream, "approve", by=SECOND, match="was proposed by second")
    act(way, stream, "approve", by="approve")
    check_refused(
        way, stream, "implement", {"what": "all", "evidence": "none"}, by="maintain", match="second's to carry out"
    )
    act(way, stream, "implement", {"what": "all of it", "evidence": "person/perform"}, by=SECOND)
    check_refused(way, stream, "close", {"outcome": "good"}, by=SECOND, match="someone else has to close it")
    act(way, stream, "close", {"outcome": "no lid stood open"}, by="approve")


def test_a_document_names_only_changes_that_are_known(way: Doorway) -> None:
    """A link that leads nowhere is refused; what is written for a change keeps it open until it holds."""
    check_refused(
        way, "document/SOP-12@1", "write", {**_sop(), "change": "CC-1"}, by="supervise", match="not known here"
    )
    stream = changed(way)
    written(way, "SOP-12@1", change="CC-1")
    check_refused(way, stream, "close", {"outcome": "good"}, by="approve", match=r"document SOP-12@1 is in review")


@pytest.mark.parametrize("name", ["SOP-12", "SOP-12@0", "SOP 12@1", "@1"])
def test_an_id_that_is_no_version_of_a_document_is_wrong_input(way: Doorway, name: str) -> None:
    """The error says how one is written."""
    with pytest.raises(CellwrightError, match="for example SOP-12@3"):
        act(way, f"document/{name}", "write", _sop(), by="supervise")


CONCLUDED: Body = {"cause": "the lid was open", "impact": "none", "code": "LID-OPEN"}


def deviating(way: Doorway, number: int, **conclusion: object) -> str:
    """Open a deviation, and conclude it if asked to; gives its stream."""
    stream = f"deviation/D{number}"
    act(way, stream, "open", {"subject": "person/perform", "title": "lid open"}, by="perform")
    if conclusion:
        act(way, stream, "conclude", conclusion, by="investigate")
    return stream


@pytest.mark.requirement("F079", refuses=True)
def test_a_cause_that_is_back_for_the_third_time_in_a_year_needs_a_capa(way: Doorway) -> None:
    """The refusal names the earlier ones; after more than a year it counts as new."""
    for number in (1, 2):
        deviating(way, number, **CONCLUDED)
    third = deviating(way, 3)
    check_refused(
        way, third, "conclude", CONCLUDED, by="investigate", match=r"found before \(D1, D2\); a CAPA is needed"
    )
    way.clock.go(366 * 86400.0)
    act(way, third, "conclude", CONCLUDED, by="investigate")
    assert way.get(Deviation, third).told(way.door) == ()


@pytest.mark.requirement("F079")
def test_a_cause_that_is_back_says_where_it_was_before_and_what_was_done_about_it(way: Doorway) -> None:
    """With a CAPA named, the third is concluded; whoever looks sees the earlier ones."""
    for number in (1, 2):
        deviating(way, number, **CONCLUDED)
    third = deviating(way, 3, **CONCLUDED, capa=["C-1"])
    assert way.get(Deviation, third).told(way.door) == ("cause LID-OPEN was found before in the same year: D1, D2",)


@pytest.mark.requirement("F073", "F078")
@pytest.mark.requirement("F078", "F169", "F175", refuses=True)
@pytest.mark.parametrize(
    ("method", "finding", "evidence", "match"),
    [
        ("5 whys", "no switch", "photograph", "'photograph' is no evidence here"),
        ("5 whys", "no switch", "batch/B-99", "'batch/B-99' is no evidence here"),
        ("5 whys", "no switch", "nothing/B-1", "is no evidence here"),
        ("fishbone", "no switch", "person/perform", "is no line of a fishbone"),
        ("fault tree", "no switch", "person/perform", "is no line of a fault tree"),
    ],
)
def test_a_finding_is_tied_to_what_is_there_and_has_the_form_of_its_method(
    way: Doorway, method: str, finding: str, evidence: str, match: str
) -> None:
    """What is wrong is refused; in the right form, with an object, an event or a file, it counts."""
    stream = deviating(way, 1)
    wrong: Body = {"method": method, "findings": [finding], "evidence": [evidence]}
    check_refused(way, stream, "investigate", wrong, by="investigate", match=match)
    lines = {"5 whys": "no switch", "fishbone": "machine: no switch", "fault tree": "warm = lid open and no switch"}
    right: Body = {"method": method, "findings": [lines[method]], "evidence": ["person/perform", "event 3", "a" * 64]}
    act(way, stream, "investigate", right, by="investigate")


def nonconforming(way: Doorway, number: int = 1, *, by: str = "perform") -> str:
    """Report a container that leaks; gives the stream of the non-conformance."""
    way.do(f"container/BAG-{number}", "expect", {"identity": "COI-1"})
    said: Body = {"subject": f"container/BAG-{number}", "found": "a leak", "requirement": "SPEC-BAG@1"}
    act(way, f"nonconformance/NC-{number}", "report", said, by=by)
    return f"nonconformance/NC-{number}"


@pytest.mark.requirement("F074")
@pytest.mark.requirement("F074", refuses=True)
def test_a_non_conformance_is_not_decided_by_who_found_it_or_proposed_what_becomes_of_it(way: Doorway) -> None:
    """Each of two tries; a third person decides."""
    for number, finder, proposer, match in ((1, SECOND, "investigate", "found"), (2, "perform", SECOND, "proposed")):
        stream = nonconforming(way, number, by=finder)
        act(way, stream, "propose", {"disposition": "rework", "reason": "port 2 leaks"}, by=proposer)
        check_refused(way, stream, "decide", by=SECOND, match=f"was {match} by second")
        act(way, stream, "decide", by="approve")


@pytest.mark.requirement("F074")
def test_a_non_conformance_is_about_something_and_closes_when_that_is_gone(way: Doorway) -> None:
    """What is nowhere can't leak; what is to be scrapped is destroyed first; what is used needs a deviation."""
    nothing: Body = {"subject": "container/BAG-9", "found": "a leak", "requirement": "SPEC-BAG@1"}
    check_refused(way, "nonconformance/NC-2", "report", nothing, by="perform", match="no lot or container here")
    stream = nonconforming(way)
    used: Body = {"disposition": "use as is", "reason": "it is small"}
    check_refused(way, stream, "propose", used, by="investigate", match="its deviation is named nowhere")
    act(way, stream, "propose", {"disposition": "scrap", "reason": "it leaks"}, by="investigate")
    act(way, stream, "decide", by="approve")
    done: Body = {"what": "destroyed", "evidence": "container/BAG-1"}
    check_refused(way, stream, "close", done, by="perform", match="yet container BAG-1 is expected")
    way.do("container/BAG-1", "receive")
    act(way, "container/BAG-1", "destroy", {"reason": "NC-1"}, by="perform")
    act(way, stream, "close", done, by="perform")


@pytest.mark.requirement("F079", refuses=True)
@pytest.mark.parametrize("command", ["implement", "find_effective"])
def test_no_event_from_before_shows_that_an_action_was_carried_out_or_worked(command: str, way: Doorway) -> None:
    """Carried out: none from before its plan; found effective: none from before it was carried out."""
    by = {"implement": "perform", "find_effective": "review"}[command]
    thread = Thread(way, "X1")
    thread.until("capa", command)
    began = way.ledger.stream("capa/X1")[0 if command == "implement" else -1].seq
    with pytest.raises(RefusedError, match=rf"event {began - 1} is no evidence .*, with event {began}"):
        thread.do("capa", command, by=by, evidence=f"event {began - 1}")
    thread.do("capa", command, by=by, evidence=f"person/perform, event {began}")
