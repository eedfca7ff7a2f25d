"""Calibrations, maintenance and cleaning: what makes an asset ready, what a failed one reaches, and ways to cheat."""

import pytest

from automation.gmp.due import dues_of
from automation.gmp.plant.assets import Asset
from automation.gmp.plant.calibrations import Calibration, Point, Verdict
from automation.gmp.quality.holds import holds_of
from automation.kernel.clock import iso
from automation.kernel.errors import GateError, RefusedError
from tests.support.doors import SECOND, Doorway, proof
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_plant import ISSUE, POINT, RECORD, Body
from tests.unit.gmp.moves_of_quality import act, check_refused, following

BALANCE, C = "asset/balance-1", "calibration/C-1"
BAD = {**POINT, "found": "100.30"}
DUE: Body = {"due": "2027-06-30", "certificate": "Q-1"}
CONCLUSION: Body = {"cause": "a fall", "impact": "none"}
WHY: Body = {"reason": "because the test says so"}


def _balance(way: Doorway, name: str = "balance-1", **registered: object) -> None:
    way.do(f"asset/{name}", "register", {"asset_class": "balance", "needs_cleaning": bool(registered), **registered})
    way.do(f"asset/{name}", "install", {"due": "2027-06-30"})


def _issued(way: Doorway, *names: str, product: str = "T cells") -> None:
    for name in names:
        way.do(f"batch/{name}", "issue", {**ISSUE, "product": product}, by="issue")


def _uses(way: Doorway, batch: str, asset: str = BALANCE) -> None:
    claim = {"batch": batch, "step": "weigh"}
    way.do(asset, "claim", claim)
    way.do(asset, "use", claim)
    way.do(asset, "free", WHY)


def _record(way: Doorway, name: str = "C-1", *, by: str = "maintain", said: Body | None = None) -> None:
    made = {**RECORD, "asset": "balance-1", "certificate": name.replace("C", "K"), "performed": iso(way.clock.now())}
    act(way, f"calibration/{name}", "record", {**made, **(said or {})}, by=by)
    following(way)


def _lacks(way: Doorway, asset: str = BALANCE) -> list[str]:
    return [text.partition(" ")[2].partition(" ")[2] for text in way.get(Asset, asset).ready(way.clock.now())]


@pytest.mark.requirement("F166")
@pytest.mark.parametrize(
    ("read", "verdict"),
    [
        ("100.08", Verdict.GOOD),
        ("99.92", Verdict.GOOD),
        ("100.081", Verdict.UNSURE),
        ("100.10", Verdict.UNSURE),
        ("100.101", Verdict.OUT),
        ("99.899", Verdict.OUT),
    ],
)
def test_a_reading_is_good_within_the_tolerance_less_the_uncertainty(read: str, verdict: Verdict) -> None:
    """100 g, +/- 0.1 g, known to 0.02 g: 0.08 g off is good, more than 0.1 g is out, between them nobody knows."""
    assert Point.model_validate(POINT).verdict(read) is verdict


@pytest.mark.requirement("F166")
def test_what_was_found_out_of_tolerance_holds_every_batch_since_the_last_good_calibration(way: Doorway) -> None:
    """B0 was weighed before a good one; B1 and B2 after it, and B2 goes on."""
    _balance(way)
    _issued(way, "B0", "B1", "B2")
    _uses(way, "B0")
    way.do(BALANCE, "calibrate", {"due": "2027-06-30", "certificate": "K-0"})
    _uses(way, "B1")
    way.do(BALANCE, "claim", {"batch": "B2", "step": "weigh"})
    _record(way, said={"points": [BAD]})
    asset = way.get(Asset, BALANCE)
    assert (asset.suspects, asset.served) == (("B1", "B2"), ("B2",))
    assert _lacks(way) == ["failed its last calibration (K-1)"]
    held = [list(holds_of(way.door, batch)) for batch in ("B0", "B1", "B2")]
    assert [len(one) for one in held] == [0, 1, 1]
    opened = [one.id for one in way.door.every("deviation")]
    assert len(opened) == 3
    following(way)
    assert [one.id for one in way.door.every("deviation")] == opened


@pytest.mark.requirement("F166")
def test_the_asset_is_ready_again_when_somebody_else_has_accepted_what_was_left(way: Doorway) -> None:
    """Until then it is not, and its batches stay held."""
    _balance(way)
    _issued(way, "B1")
    _uses(way, "B1")
    _record(way, said={"points": [BAD], "due": "2027-12-31"})
    assert [due.what for due in dues_of(way.get(Calibration, C))] == ["review calibration C-1 of balance-1"]
    act(way, C, "accept", by="review")
    following(way)
    assert _lacks(way) == []
    assert list(holds_of(way.door, "B1"))
    assert way.get(Asset, BALANCE).told(way.door)[1].endswith("failed calibration: B1")


@pytest.mark.requirement("F166")
def test_a_qa_hold_is_lifted_when_its_deviation_is_closed_by_quality(way: Doorway) -> None:
    """And never before."""
    _balance(way)
    _issued(way, "B1")
    _uses(way, "B1")
    _record(way, said={"points": [BAD]})
    hold = next(one for one in way.door.every("qa-hold"))
    lifting: Body = {"reason": "the fill was weighed twice", "evidence": "batch/B1"}
    with pytest.raises(RefusedError, match="it has to be closed"):
        act(way, f"qa-hold/{hold.id}", "lift", lifting, by="approve")
    deviation = next(one.id for one in way.door.every("deviation") if one.id.endswith("-D01"))
    act(way, f"deviation/{deviation}", "conclude", CONCLUSION, by="investigate")
    act(way, f"deviation/{deviation}", "close", by="approve")
    act(way, f"qa-hold/{hold.id}", "lift", lifting, by="approve")
    assert list(holds_of(way.door, "B1")) == []


@pytest.mark.requirement("F166", refuses=True)
def test_nobody_reviews_the_calibration_that_they_performed(way: Doorway) -> None:
    """Nor accepts one that leaves the asset where nobody can say whether it is good."""
    _balance(way)
    _record(way, by=SECOND)
    with pytest.raises(RefusedError, match="someone else has to review it"):
        act(way, C, "accept", by=SECOND)
    _record(way, "C-2", said={"points": [{**POINT, "left": "100.09"}]})
    with pytest.raises(RefusedError, match="in the guard band"):
        act(way, "calibration/C-2", "accept", by="review")
    act(way, C, "accept", by="review")
    assert way.state(C) == "accepted"


@pytest.mark.requirement("F166", refuses=True)
def test_where_calibrations_are_reviewed_none_counts_without_its_record(way: Doorway) -> None:
    """Nor with the record of another asset, or with one that nobody has accepted."""
    _balance(way)
    _balance(way, "balance-2")
    _record(way)
    said = {"due": "2028-06-30", "certificate": "K-9"}
    with pytest.raises(RefusedError, match="no calibration C-1 that was accepted"):
        way.do(BALANCE, "calibrate", {**said, "record": "C-1"}, by="maintain")
    act(way, C, "accept", by="review")
    following(way)
    with pytest.raises(RefusedError, match="calibrated by reviewed records"):
        way.do(BALANCE, "calibrate", said, by="maintain")
    with pytest.raises(RefusedError, match="no calibration C-1 that was accepted"):
        way.do("asset/balance-2", "calibrate", {**said, "record": "C-1"}, by="maintain")


@pytest.mark.requirement("F151", refuses=True)
@pytest.mark.parametrize("stage", ["IQ", "OQ"])
def test_a_lot_for_a_patient_needs_equipment_that_is_qualified_for_the_process(stage: str, way: Doorway) -> None:
    """An engineering lot, in which it is qualified, does not."""
    way.do(BALANCE, "register", {"asset_class": "balance"})
    act(way, BALANCE, "qualify", {**DUE, "stage": stage}, by="approve")
    Thread(way, "X1").through("batch", "issue")
    _issued(way, "B1")
    claim = {"batch": "X1", "step": "weigh"}
    with pytest.raises(GateError, match=f"qualified through {stage}; a clinical lot needs PQ"):
        way.do(BALANCE, "claim", claim)
    way.do(BALANCE, "claim", {**claim, "batch": "B1"})
    way.do(BALANCE, "free", WHY)
    act(way, BALANCE, "qualify", {**DUE, "stage": "PQ"}, by="approve")
    way.do(BALANCE, "claim", claim)


@pytest.mark.requirement("F166", refuses=True)
def test_on_a_live_site_a_lot_for_a_patient_needs_a_calibration_that_was_reviewed(live: Doorway) -> None:
    """What a person declared is enough for an engineering lot; the program enters only what was accepted."""
    live.do(BALANCE, "register", {"asset_class": "balance", "needs_cleaning": False}, by="maintain")
    act(live, BALANCE, "qualify", DUE, by="approve")
    live.do(BALANCE, "calibrate", {"due": "2027-06-30", "certificate": "K-0"}, by="maintain")
    Thread(live, "X1").through("batch", "issue")
    claim = {"batch": "X1", "step": "weigh"}
    with pytest.raises(GateError, match="without a record that is reviewed; a clinical lot needs one"):
        live.do(BALANCE, "claim", claim)
    with pytest.raises(RefusedError, match="by the program alone on a live site"):
        live.do(BALANCE, "calibrate", {"due": "2027-06-30", "certificate": "K-1"})
    _record(live)
    act(live, C, "accept", by="review")
    following(live)
    live.do(BALANCE, "claim", claim)
    assert live.get(Asset, BALANCE).claim == ("X1", "weigh")


@pytest.mark.requirement("F166")
@pytest.mark.requirement("F166", refuses=True)
def test_overdue_maintenance_stands_in_the_way_until_it_is_done_or_put_off_by_quality(way: Doorway) -> None:
    """Work counts from when it was done; a plan that has ended wants nothing any more."""
    _balance(way)
    plan: Body = {
        "asset": "balance-1",
        "what": "level it",
        "procedure": "SOP-M",
        "every_d": 30.0,
        "first": "2026-11-23",
    }
    m = "maintenance/M-1"
    act(way, m, "plan", plan, by="approve")
    following(way)
    assert _lacks(way) == []
    way.clock.go(2 * 86_400.0)
    assert _lacks(way) == ["is overdue for maintenance M-1 since 2026-11-23T23:00:00.000+00:00"]
    act(way, m, "put_off", {"due": "2026-11-25", **WHY}, by="approve")
    following(way)
    assert _lacks(way) == []
    with pytest.raises(RefusedError, match=r"more than its 30 d beyond 2026-11-2\d, when it was due; do it, or end"):
        act(way, m, "put_off", {"due": "2026-12-31", **WHY}, by="approve")
    way.clock.go(86_400.0 * 2)
    with pytest.raises(RefusedError, match="still to come"):
        act(way, m, "perform", {"performed": "2026-12-24T08:00:00", "findings": "level"}, by="maintain")
    act(way, m, "perform", {"performed": "2026-11-26T08:00:00", "findings": "level"}, by="maintain")
    following(way)
    assert _lacks(way) == []
    act(way, m, "end", WHY, by="approve")
    following(way)
    way.clock.go(86_400.0 * 60)
    assert _lacks(way) == []


@pytest.mark.requirement("F083", refuses=True)
def test_what_stood_dirty_for_too_long_needs_more_than_the_ordinary_cleaning(way: Doorway) -> None:
    """8 h are validated."""
    _balance(way, dirty_hold_h=8.0)
    _issued(way, "B1")
    _uses(way, "B1")
    way.clock.go(8.1 * 3600)
    with pytest.raises(RefusedError, match=r"has stood dirty for 8\.1 h, at most 8 h are validated"):
        way.do(BALANCE, "clean", {"procedure": "SOP-7"}, by="perform")
    way.do(BALANCE, "clean", {"procedure": "SOP-8", "sort": "extended", "agent": "peracetic acid"}, by="perform")
    assert _lacks(way) == []


@pytest.mark.requirement("F083")
def test_what_was_clean_for_too_long_is_cleaned_again_unless_a_step_has_it_already(way: Doorway) -> None:
    """72 h are validated; a culture that began in time goes on."""
    _balance(way, clean_hold_h=72.0)
    _issued(way, "B1")
    way.clock.go(71 * 3600.0)
    way.do(BALANCE, "claim", {"batch": "B1", "step": "weigh"})
    way.clock.go(2 * 3600.0)
    assert _lacks(way) == []
    way.do(BALANCE, "free", WHY)
    assert [text.partition(", ")[2] for text in _lacks(way)] == ["so clean it again"]
    way.do(BALANCE, "clean", {"procedure": "SOP-7"}, by="perform")
    assert _lacks(way) == []


@pytest.mark.requirement("F083")
def test_another_product_needs_a_changeover_cleaning(way: Doorway) -> None:
    """The same product does not."""
    _balance(way, needs_changeover=True)
    _issued(way, "B1", "B2")
    _issued(way, "N1", product="NK cells")
    _uses(way, "B1")
    way.do(BALANCE, "clean", {"procedure": "SOP-7"}, by="perform")
    claim = {"batch": "N1", "step": "weigh"}
    with pytest.raises(GateError, match=r"last used for T cells \(B1\); NK cells needs a changeover cleaning"):
        way.do(BALANCE, "claim", claim)
    _uses(way, "B2")
    way.do(BALANCE, "clean", {"procedure": "SOP-9", "sort": "changeover"}, by="perform")
    way.do(BALANCE, "claim", claim)


@pytest.mark.requirement("F010", refuses=True)
def test_a_lot_that_is_held_is_not_released_however_good_it_is(way: Doorway) -> None:
    """The hold is lifted by another than who placed it, and the release goes through."""
    thread = Thread(way, "X1")
    thread.until("release", "release_conditionally")
    placed = {"batch": "X1", "reason": "a plate with growth"}
    way.do("qa-hold/H-1", "place", placed, by=SECOND)
    with pytest.raises(RefusedError, match=r"lot X1 is on QA hold \(H-1\): a plate with growth"):
        thread.do("release", "release_conditionally", by="release")
    lifting: Body = {"reason": "another room", "evidence": "batch/X1"}
    with pytest.raises(RefusedError, match="someone else has to lift it"):
        way.do("qa-hold/H-1", "lift", lifting, by=SECOND, signs=(proof(SECOND, "approved"),))
    act(way, "qa-hold/H-1", "lift", lifting, by="approve")
    thread.do("release", "release_conditionally", by="release")
    assert way.state("release/X1") == "conditionally released"


@pytest.mark.requirement("F166")
def test_what_was_used_between_a_calibration_and_its_review_still_rests_on_it(way: Doorway) -> None:
    """B1 came before it was performed, B2 between that and the review: only B2 is in doubt when the next one fails."""
    _balance(way)
    _issued(way, "B1", "B2")
    _uses(way, "B1")
    way.clock.go(3600.0)
    _record(way)
    way.clock.go(3600.0)
    _uses(way, "B2")
    act(way, C, "accept", by="review")
    following(way)
    assert way.get(Asset, BALANCE).served == ("B2",)
    way.clock.go(3600.0)
    _record(way, "C-2", said={"points": [BAD]})
    assert way.get(Asset, BALANCE).suspects == ("B2",)


@pytest.mark.requirement("F166", refuses=True)
def test_an_older_calibration_does_not_replace_the_one_that_holds(way: Doorway) -> None:
    """Neither entered late nor reviewed late; and one certificate counts once, unless its record was sent back."""
    _balance(way)
    _record(way)
    way.clock.go(3600.0)
    _record(way, "C-2")
    act(way, "calibration/C-2", "accept", by="review")
    following(way)
    check_refused(way, C, "accept", by="review", match="before C-2, of 2026-11-22T.*, which holds")
    older = {**RECORD, "asset": "balance-1", "certificate": "K-3", "performed": "2016-11-22T09:00:00"}
    check_refused(way, "calibration/C-3", "record", older, by="maintain", match="what it shows is a deviation")
    again = {**older, "performed": iso(way.clock.now()), "certificate": "K-2"}
    check_refused(way, "calibration/C-3", "record", again, by="maintain", match="certificate K-2, which C-2 states")
    act(way, "calibration/C-3", "record", {**again, "certificate": "K-3"}, by="maintain")
    assert way.get(Asset, BALANCE).calibration_record == "C-2"
