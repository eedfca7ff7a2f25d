"""Releases by the rules of the order: who may go early, what a physician may ask for, what labels have to say."""

import pytest

from automation.gmp.due import dues_of
from automation.gmp.product.donors import AGENTS
from automation.kernel.errors import IdentityError, RefusedError
from tests.support.doors import SYSTEM, Doorway, proof
from tests.support.thread import Body, Thread

DAY = 86_400.0
PLACE, ISSUE = ("order", "place"), ("label-P", "issue")


def ready(way: Doorway, *, profile: str = "eu", said: tuple[str, ...] = (), **label: object) -> Thread:
    """Tell the story up to the release, of an order by these rules, with a label that says this."""
    lines = ["FOR AUTOLOGOUS USE ONLY", "NOT EVALUATED FOR INFECTIOUS SUBSTANCES", *said]
    otherwise: dict[tuple[str, str], Body] = {PLACE: {"profile": profile}, ISSUE: {"lines": lines, **label}}
    thread = Thread(way, "X1", otherwise=otherwise)
    thread.until("release", "release_conditionally")
    return thread


def out(thread: Thread) -> None:
    """Correct viability to a result that is out of specification, and review it."""
    thread.do("test", "correct", by="perform", value="61.2")
    thread.do("test", "review", by="review")


@pytest.mark.requirement("F060")
def test_out_of_specification_a_lot_is_supplied_at_a_physicians_request_where_the_rules_know_it(way: Doorway) -> None:
    """By EU rules it is, with its request and risks on record, and the authority told in two days."""
    thread = ready(way)
    with pytest.raises(RefusedError, match="nothing is out of specification"):
        thread.do("release", "supply_out_of_specification", by="release")
    out(thread)
    with pytest.raises(RefusedError, match="X1 is out of specification"):
        thread.do("release", "release_conditionally", by="release")
    thread.do("release", "supply_out_of_specification", by="release")
    [due] = dues_of(way.door.find("release", "X1"))
    assert due.what.startswith("tell the authority")
    assert float(due.by - way.door.now) == 2 * DAY
    thread.do("release", "notify", by="release")
    assert dues_of(way.door.find("release", "X1")) == ()
    thread.do("shipment", "plan", by="order")
    thread.do("shipment", "pack", by="perform")


@pytest.mark.requirement("F060", "F168", refuses=True)
def test_by_us_rules_no_lot_is_supplied_out_of_specification(way: Doorway) -> None:
    """The refusal names the clause; rejecting it is possible."""
    thread = ready(way, profile="us", said=("CAUTION: NEW DRUG-LIMITED BY FEDERAL LAW", "TO INVESTIGATIONAL USE"))
    out(thread)
    with pytest.raises(RefusedError, match=r"21 CFR 211\.165\(f\)"):
        thread.do("release", "supply_out_of_specification", by="release")
    thread.do("release", "reject", by="release")


@pytest.mark.requirement("F060", "F066")
@pytest.mark.requirement("F060", "F066", refuses=True)
@pytest.mark.parametrize(("profile", "early"), [("eu", True), ("us", False)])
def test_before_all_results_a_lot_goes_only_as_the_rules_of_its_order_say(
    way: Doorway, profile: str, *, early: bool
) -> None:
    """Without a word for negative to date: by EU rules it goes, by US rules it waits for a reading."""
    sterility = {"test": "sterility", "method": "USP <71>", "passes": ["no growth"], "stage": "afterwards"}
    viability = {"test": "viability", "method": "7-AAD", "limit": "at least 70.0 %"}
    marks = ["CAUTION: NEW DRUG-LIMITED BY FEDERAL LAW TO INVESTIGATIONAL USE", "FOR CLINICAL TRIAL USE ONLY"]
    written: Body = {"criteria": [viability, sterility]}
    otherwise: dict[tuple[str, str], Body] = {
        PLACE: {"profile": profile},
        ISSUE: {"marks": [*marks, "SIMULATED"]},
        ("specification", "write"): written,
    }
    skipped = frozenset({("test-2", "inoculate"), ("test-2", "report_preliminary")})
    thread = Thread(way, "X1", otherwise=otherwise, skipped=skipped)
    thread.until("release", "release_conditionally")
    if not early:
        with pytest.raises(RefusedError, match=r"sterility \(X1-2\) is in laboratory"):
            thread.do("release", "release_conditionally", by="release")
        thread.do("test-2", "report_preliminary", by="perform", value="no growth")
    thread.do("release", "release_conditionally", by="release")


@pytest.mark.requirement("F061", "F064", refuses=True)
@pytest.mark.parametrize(
    ("lines", "lacks"),
    [
        (["FOR AUTOLOGOUS USE ONLY"], "NOT EVALUATED FOR INFECTIOUS SUBSTANCES"),
        (["NOT EVALUATED FOR INFECTIOUS SUBSTANCES"], "FOR AUTOLOGOUS USE ONLY"),
    ],
)
def test_a_label_without_a_statement_of_the_rule_stands_in_the_way(way: Doorway, lines: list[str], lacks: str) -> None:
    """The refusal names the label, the text and the clause."""
    thread = ready(way, lines=lines)
    with pytest.raises(RefusedError, match=rf"label X1-P-L1 does not say '{lacks}' \(21 CFR 1271\.90"):
        thread.do("release", "release_conditionally", by="release")


@pytest.mark.requirement("F064")
@pytest.mark.requirement("F064", refuses=True)
def test_a_reactive_donor_changes_what_every_label_has_to_say(way: Doorway) -> None:
    """A test that comes after the label was applied: the biohazard legend is missing until it is relabelled."""
    thread = ready(way)
    thread.do("donor", "reopen", by="release")
    thread.do("donor", "screen", by="collect")
    for agent in AGENTS:
        outcome = "reactive" if agent == "HBV" else "negative"
        thread.do("donor", "test", by="collect", agent=agent, outcome=outcome)
    with pytest.raises(RefusedError, match="can't be eligible: HBV"):
        thread.do("donor", "find_eligible", by="release")
    thread.do("donor", "find_not_required", by="release")
    with pytest.raises(RefusedError, match=r"does not say 'BIOHAZARD'.*REACTIVE TEST RESULTS FOR HBV"):
        thread.do("release", "release_conditionally", by="release")


@pytest.mark.requirement("F007", "F056", "F060", refuses=True)
def test_nobody_elses_cells_are_autologous_and_who_records_a_donor_does_not_judge(way: Doorway) -> None:
    """Another code is another person; without a donor on record, or in quarantine, there is no release."""
    thread = Thread(way, "X1", skipped=frozenset({("donor", "record"), ("donor", "find_not_required")}))
    thread.until("release", "release_conditionally")
    with pytest.raises(RefusedError, match="no donor of order X1 was recorded"):
        thread.do("release", "release_conditionally", by="release")
    with pytest.raises(IdentityError, match="is not the recipient code"):
        thread.do("donor", "record", by="second", donor="SUBJ-018")
    thread.do("donor", "record", by="second")
    with pytest.raises(RefusedError, match="donor X1 is pending"):
        thread.do("release", "release_conditionally", by="release")
    with pytest.raises(RefusedError, match="someone else has to determine it"):
        thread.do("donor", "find_not_required", by="second")
    with pytest.raises(RefusedError, match="missing are screening or tests"):
        thread.do("donor", "find_eligible", by="release")
    thread.do("donor", "find_not_required", by="release")
    thread.do("release", "release_conditionally", by="release")


@pytest.mark.requirement("F010", "F021", "F073", refuses=True)
def test_an_open_deviation_about_a_hand_over_stands_in_the_way_of_the_release(way: Doorway) -> None:
    """Also of the collection's own hand-overs; closed, it does not."""
    thread = ready(way)
    way.do("deviation/H-D01", "open", {"subject": "handover/X1-2", "title": "the seal was broken"})
    with pytest.raises(RefusedError, match="deviation H-D01 is open"):
        thread.do("release", "release_conditionally", by="release")
    said = {"cause": "it was opened at customs", "impact": "none"}
    way.do("deviation/H-D01", "conclude", said, by="investigate", signs=(proof("investigate", "authored"),))
    way.do("deviation/H-D01", "close", by="approve", signs=(proof("approve", "approved"),))
    thread.do("release", "release_conditionally", by="release")


@pytest.mark.requirement("F010", "F060", refuses=True)
def test_a_hold_goes_with_the_content_of_a_container_and_is_lifted_also_when_it_is_empty(way: Doorway) -> None:
    """What was filled from a bag that was received under QA hold waits until quality has lifted it."""
    thread = Thread(way, "X1")
    thread.until("container-A", "empty")
    way.do("container/X1-A", "qa_hold", {"reason": "another seal"}, by=SYSTEM)
    thread.until("release", "release_conditionally")
    with pytest.raises(RefusedError, match=r"container X1-A, of which X1 was made, is on QA hold \(another seal\)"):
        thread.do("release", "release_conditionally", by="release")
    way.do(
        "container/X1-A", "lift", {"reason": "the seal was whole"}, by="approve", signs=(proof("approve", "approved"),)
    )
    thread.do("release", "release_conditionally", by="release")


@pytest.mark.requirement("F010", "F060", refuses=True)
def test_a_hold_of_any_bag_that_went_into_a_pool_stands_in_the_way_of_its_release(way: Doorway) -> None:
    """A pool has one parent and many sources; the hold of each goes with its content."""
    thread = Thread(way, "X1")
    thread.through("container-P", "receive")
    way.do("container/X1-R", "expect", {"identity": thread.identity, "volume_ml": 5.0})
    way.do("container/X1-R", "receive", {})
    way.do("container/X1-P", "fill", {"volume_ml": 5.0, "source": "X1-R"})
    way.do("container/X1-R", "qa_hold", {"reason": "another seal"}, by=SYSTEM)
    thread.until("release", "release_conditionally")
    with pytest.raises(RefusedError, match=r"container X1-R, of which X1 was made, is on QA hold \(another seal\)"):
        thread.do("release", "release_conditionally", by="release")
    lift = {"reason": "the seal was whole"}
    way.do("container/X1-R", "lift", lift, by="approve", signs=(proof("approve", "approved"),))
    thread.do("release", "release_conditionally", by="release")
