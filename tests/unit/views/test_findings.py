"""Review by exception: every rule says what it checked, and finds what it names."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from automation.views.batch_record import batch_record
from automation.views.findings import RULES
from automation.views.record import BatchRecord, Finding
from tests.support.doors import KEY, proof
from tests.support.told_batch import BAG, BATCH, MASTER, Life, freeze, life, prompt, receive, whole


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BatchRecord]:
    """Give the record of a whole batch."""
    with whole(tmp_path_factory.mktemp("site")) as made, Reader(made.folder) as reader:
        yield batch_record(reader, made.blobs, BATCH)


def found(made: Life, rule: str) -> list[Finding]:
    """Give what one rule finds in a batch as it now stands."""
    made.way.ledger.flush()
    with Reader(made.folder) as reader:
        return [one for one in batch_record(reader, made.blobs, BATCH).findings if one.rule == rule]


@pytest.mark.requirement("F042")
def test_every_rule_is_listed_with_what_it_checked(record: BatchRecord) -> None:
    """Also those under which nothing was found."""
    assert [rule.id for rule in record.rules] == [rule.id for rule in RULES]
    assert all(rule.checked and rule.definition for rule in record.rules)
    assert {rule.id: rule.found for rule in record.rules}["E08"] == 0


@pytest.mark.parametrize(
    ("rule", "what", "outcome"),
    [
        ("E01", "B-001-D01: plateau too long", "open"),
        ("E02", "exposure: 25 min is beyond the alert limit <= 20 min", "alert"),
        ("E03", "plateau: plateau within 1 K of -4.0 degC: 700 s is beyond the reject limit <= 600 s", "not met"),
        ("E04", "exposure before freezing: warned (at most 10 min)", "met 9 min 33 s before the limit"),
        ("E05", "high alarm: lid open", "acknowledged by perform: closed it again; cleared after 30.0 s"),
        ("E06", "scanned: product code", "Scan the identification number, not the product code"),
        ("E09", "parameter freeze.every set to 20 s", "by issue: a shorter record"),
        ("E10", "freezer.load: the device can't say whether it happened", "done, decided by supervise: seen at the panel"),  # noqa: E501  one case, one line
        ("E12", "probes.scan could not be read: no answer in time", "readings again after 40.0 s"),
        ("E13", "restart by supervise", "seen at the panel"),
    ],
)  # fmt: skip
def test_an_exception_says_what_happened_and_how_it_ended(
    record: BatchRecord, rule: str, what: str, outcome: str
) -> None:
    """In words that a reviewer understands, under the rule that defines it."""
    assert (what, outcome) in [(one.what, one.outcome) for one in record.findings if one.rule == rule]


def test_each_exception_cites_its_events(record: BatchRecord) -> None:
    """Every number is an event of the trail."""
    known = {entry.seq for entry in record.trail}
    assert record.findings
    assert all(one.events and set(one.events) <= known for one in record.findings)


@pytest.mark.requirement("F042")
def test_what_waits_for_somebody_is_open(record: BatchRecord) -> None:
    """The deviation alone: alarm, doubt and limit were settled."""
    assert [one.rule for one in record.findings if one.is_open] == ["E01"]
    assert "1 exception still open" in record.verdict


def test_a_refused_command_of_a_known_person_is_an_exception(record: BatchRecord) -> None:
    """With the reason that the person was told."""
    [refused] = [one for one in record.findings if one.rule == "E07"]
    assert "needs the right perform or supervise" in refused.outcome


def test_another_patients_bag_shows_lock_and_clearance_by_two(tmp_path: Path) -> None:
    """The lock is open until two persons have cleared the line."""
    with life(tmp_path) as made:
        scan = prompt(made, "1.1", "receive", kind="scan", text="Scan the label")
        made.way.do(scan, "lock", {"reason": "a donation number of another patient was scanned"})
        assert [one.is_open for one in found(made, "E06")] == [True]
        both = (proof("perform", "performed"), proof("second", "verified"))
        made.way.do(scan, "clear", {"statement": "only this patient's bag is here"}, by="perform", signs=both)
        shown = found(made, "E06")
    assert [one.is_open for one in shown] == [False, False]
    assert shown[1].what == "line cleared by Perform and Second"


def test_a_late_answer_and_a_disputed_one_are_corrections(tmp_path: Path) -> None:
    """Both stay visible, with who and why."""
    with life(tmp_path) as made:
        due = float(made.way.clock.now()) + 20
        late = prompt(made, "1.1", "receive", kind="enter", text="Volume", deadline=due, second=True,
                      fields=[{"name": "volume", "unit": "mL"}])  # fmt: skip
        made.way.clock.go(100)
        made.way.do(late, "enter", {"values": {"volume": 21.0}}, by="perform")
        made.way.do(late, "dispute", {"reason": "it reads 20"}, by="verify")
        shown = [(one.what, one.outcome) for one in found(made, "E08")]
    assert shown == [
        ("answered 1 min 25 s after its deadline: Volume", "by perform"),
        ("entry disputed by verify: Volume", "it reads 20"),
    ]


def test_a_restart_of_the_program_is_an_interruption(tmp_path: Path) -> None:
    """With the time in which nobody watched."""
    with life(tmp_path) as made:
        receive(made)
    with Reader(tmp_path) as reader:
        epochs = reader.last.epoch
    with Ledger.open(tmp_path, key=KEY) as again:
        made.way.clock.go(600)
        after = replace(made, way=replace(made.way, ledger=again))
        after.note("receive", "gap", what="probes.scan", why="no answer in time")
        [shown] = found(after, "E14")
    assert shown.what == f"the program was started again (epoch {epochs + 1})"
    assert shown.outcome == "10 min 01 s since the event before"


def test_a_qa_hold_is_open_until_it_is_lifted(tmp_path: Path) -> None:
    """By somebody else than who set it."""
    with life(tmp_path) as made:
        made.way.do(f"container/{BAG}", "qa_hold", {"reason": "plateau too long"}, by="review")
        assert [one.is_open for one in found(made, "E13")] == [True]
        made.way.do(
            f"container/{BAG}", "lift", {"reason": "no impact"}, by="approve", signs=(proof("approve", "approved"),)
        )
        [shown] = found(made, "E13")
    assert (shown.outcome, shown.is_open) == ("plateau too long; lifted by approve", False)


def test_a_failed_effect_and_its_second_try_are_retries(tmp_path: Path) -> None:
    """Also an act that was found done by asking the device."""
    with life(tmp_path) as made:
        made.note("freeze", "call", visit=1, n=1, asset="freezer", method="start", args={}, kind="act")
        made.note("freeze", "failed", visit=1, n=1, error="FailedError", message="lid open")
        made.note("freeze", "again", visit=1, n=1)
        made.note("freeze", "call", visit=1, n=1, asset="freezer", method="start", args={}, kind="act", attempt=2)
        made.note("freeze", "reply", visit=1, n=1, reconciled=True)
        shown = [one.what for one in found(made, "E11")]
    assert shown == [
        "freezer.start failed: lid open",
        "a person let a failed effect be tried anew",
        "freezer.start sent again",
        "freezer.start: the link broke after it was sent",
    ]


def test_an_alarm_that_came_twice_is_two_exceptions(tmp_path: Path) -> None:
    """Each with its own acknowledgement; the second is still open."""
    with life(tmp_path) as made:
        freeze(made)
        made.way.do(f"alarm/{BATCH}.freeze.lid", "again", {"message": "lid open"})
        shown = [(one.is_open, one.outcome) for one in found(made, "E05")]
    assert shown == [
        (False, "acknowledged by perform: closed it again; cleared after 30.0 s"),
        (True, "not acknowledged; not cleared"),
    ]


def test_a_lost_copy_of_the_recipe_is_an_open_exception(tmp_path: Path) -> None:
    """The batch can't be reviewed against a master that nobody can see."""
    with life(tmp_path) as made:
        assert found(made, "E12") == []
        name = sha256(MASTER).hexdigest()
        (tmp_path / "blobs" / name[:2] / name).unlink()
        [lost] = found(made, "E12")
    assert lost.is_open
    assert lost.what == f"copy of the recipe: the file {name} is missing or was changed"


def test_the_very_same_exception_again_and_again_is_one_line_that_counts(tmp_path: Path) -> None:
    """A link that breaks ten times hides nothing else; all its events are cited."""
    with life(tmp_path) as made:
        for _ in range(10):
            made.note("freeze", "gap", what="freezer.run", why="no answer in time")
            made.note("freeze", "gap", 8, what="freezer.run", over=True)
        [lost] = found(made, "E12")
    assert (lost.times, len(lost.events)) == (10, 20)
    assert lost.outcome == "readings again after 8.0 s"


def test_a_step_that_was_taken_over_is_told_with_what_was_not_ready(tmp_path: Path) -> None:
    """From whom to whom, how it stood, and both signatures."""
    with life(tmp_path) as made:
        both = (proof("perform", "received"), proof("second", "handed over"))
        body = {"step": "freeze", "leaving": "second", "said": "the bag is inside", "accepts": ["freezer"]}
        made.way.do("prompt/P-1", "open", {"kind": "confirm", "text": "In?", "batch": BATCH, "step": "freeze"})
        made.way.do(f"batch/{BATCH}", "take_over", body, by="perform", signs=both)
        shown = found(made, "E13")[-1]
    assert shown.what == "perform took step freeze over from second: the bag is inside; not ready: freezer"
    assert shown.outcome == "signed by Perform (received), Second (handed over)"


def test_a_signed_continuation_with_unready_equipment_is_an_override(tmp_path: Path) -> None:
    """With both names and meanings."""
    with life(tmp_path) as made:
        both = (proof("supervise", "responsible"), proof("second", "approved"))
        body = {"step": "freeze", "asset": "freezer", "reason": "certificate is on its way"}
        made.way.do(f"batch/{BATCH}", "continue", body, by="supervise", signs=both)
        shown = found(made, "E09")[-1]
    assert shown.what == "freezer goes on although it is not ready: certificate is on its way"
    assert shown.outcome == "signed by Supervise (responsible), Second (approved)"
