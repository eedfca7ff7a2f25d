"""Manifests of test samples at the door: what may be sent, who takes it in, what is refused, how long it takes."""

import pytest

from automation.formulas.temperature_classes import TemperatureClass, is_within, says
from automation.gmp.due import dues_of
from automation.gmp.product.manifests import Manifest
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.quantity import Celsius
from tests.support.doors import Doorway, proof
from tests.support.thread import Body, Thread
from tests.unit.gmp.moves_of_product import handed, ready

STREAM = "manifest/X1"
RECEIVED = (proof("investigate", "received"),)


def sent(way: Doorway, upto: str) -> Thread:
    """Tell the story up to a move of the manifest, and what that move wants."""
    thread = Thread(way, "X1")
    for command, by in (("plan", "review"), ("pack", "perform"), ("dispatch", "perform"), ("receive", "investigate")):
        ready(thread, "manifest", command)
        if command == upto:
            return thread
        thread.do("manifest", command, by=by)
    return thread


def seen(thread: Thread, **changed: object) -> Body:
    """Give a receipt in which the sample came otherwise."""
    sample = {"sample": "X1-Q", "condition": "cold, intact", "celsius": 4.2, **changed}
    return {**thread.body("manifest", "receive"), "samples": [sample]}


@pytest.mark.requirement("F071")
@pytest.mark.requirement("F122", refuses=True)
def test_a_manifest_names_samples_of_the_lot_whose_tests_were_requested(way: Doorway) -> None:
    """Product, another patient's sample, a sample twice and a test that nobody requested are refused and recorded."""
    thread = sent(way, "plan")
    way.do("container/OTHER", "expect", {"identity": "CHA999926000001", "purpose": "aliquot"})
    way.do("container/OTHER", "receive", {}, by="perform")
    plan = thread.body("manifest", "plan")
    one: Body = {"sample": "X1-Q", "tests": ["X1"]}
    for samples, why in (
        ([{**one, "sample": "X1-P"}], "product of the patient"),
        ([one, one], "names a sample twice"),
        ([{**one, "tests": ["T-99"]}], "that test is absent"),
    ):
        with pytest.raises(RefusedError, match=why):
            way.do(STREAM, "plan", {**plan, "samples": samples}, by="review")
    with pytest.raises(IdentityError, match="another chain of identity"):
        way.do(STREAM, "plan", {**plan, "samples": [{**one, "sample": "OTHER"}]}, by="review")
    assert (way.state(STREAM), len(way.refusals(STREAM))) == ("absent", 4)
    way.do(STREAM, "plan", plan, by="review")
    with pytest.raises(RefusedError, match="goes by manifest X1"):
        way.do("manifest/X2", "plan", plan, by="review")


@pytest.mark.requirement("F071", "F170")
@pytest.mark.requirement("F071", "F170", refuses=True)
def test_a_box_is_packed_whole_by_two_who_may_and_keeps_cold_for_the_way(way: Doorway) -> None:
    """A sample left out, a box that is warm too early, and a packer without the training of UN3373."""
    thread = sent(way, "pack")
    box = thread.body("manifest", "pack")
    two = (proof("perform", "performed"), proof("verify", "verified"))
    for changed, why in (({"samples": ["X1-A"]}, "does not agree"), ({"keeps_h": 2.0}, r"2 h, the way takes 4\.0 h")):
        with pytest.raises(RefusedError, match=why):
            way.do(STREAM, "pack", {**box, **changed}, by="perform", signs=two)
    strange = (proof("second", "performed"), proof("verify", "verified"))
    with pytest.raises(RefusedError, match="second, who is not trained in UN3373"):
        way.do(STREAM, "pack", box, by="second", signs=strange)
    way.do(STREAM, "pack", box, by="perform", signs=two)


@pytest.mark.requirement("F021", "F122")
@pytest.mark.requirement("F122", refuses=True)
def test_samples_leave_and_arrive_by_hand_overs_that_both_sides_signed(way: Doorway) -> None:
    """Without them neither side can say so; on the way no laboratory takes a sample in."""
    thread = sent(way, "pack")
    thread.do("manifest", "pack", by="perform")
    with pytest.raises(RefusedError, match="needs sample X1-Q with courier-2; it is with nobody on record"):
        thread.do("manifest", "dispatch", by="perform")
    handed(thread, 5, giver="site-a", receiver="courier-2")
    thread.do("manifest", "dispatch", by="perform")
    with pytest.raises(RefusedError, match="on its way by manifest X1"):
        thread.do("test", "take_in", by="perform")
    with pytest.raises(RefusedError, match="needs sample X1-Q with lab-1; it is with courier-2"):
        thread.do("manifest", "receive", by="investigate")
    handed(thread, 6, giver="courier-2", receiver="lab-1")
    with pytest.raises(RefusedError, match="was packed by perform; someone else takes it in"):
        thread.do("manifest", "receive", by="perform")
    thread.do("manifest", "receive", by="investigate")
    thread.do("test", "take_in", by="perform")
    assert len(way.refusals(STREAM)) == 3


@pytest.mark.requirement("F122", "F123")
@pytest.mark.requirement("F122", "F123", refuses=True)
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"celsius": 12.0}, "it was at 12 degC, and 2 to 8 degC is allowed"),
        ({"celsius": 0.5}, r"it was at 0\.5 degC"),
    ],
)
def test_a_sample_that_was_too_warm_or_too_cold_is_accepted_only_with_a_deviation(
    way: Doorway, changed: Body, why: str
) -> None:
    """Refused as it stands, and with a deviation about something else; accepted with one about the sample."""
    thread = sent(way, "receive")
    with pytest.raises(RefusedError, match=why):
        way.do(STREAM, "receive", seen(thread, **changed), by="investigate", signs=RECEIVED)
    for name, subject in (("D-1", "batch/X1"), ("D-2", "container/X1-Q")):
        way.do(f"deviation/{name}", "open", {"subject": subject, "title": "out of its class", "batch": "X1"})
    body = seen(thread, **changed, deviation="D-1")
    with pytest.raises(RefusedError, match="name a deviation about container/X1-Q"):
        way.do(STREAM, "receive", body, by="investigate", signs=RECEIVED)
    way.do(STREAM, "receive", seen(thread, **changed, deviation="D-2"), by="investigate", signs=RECEIVED)
    assert way.get(Manifest, STREAM).refused == {}


@pytest.mark.requirement("F122", "F123", refuses=True)
def test_no_temperature_a_broken_seal_and_a_sample_left_out_are_not_taken_as_good(way: Doorway) -> None:
    """What nobody measured is not in range; each sample is accepted or refused."""
    thread = sent(way, "receive")
    nothing = {"lowest_c": None, "highest_c": None}
    for changed, why in (
        ({**seen(thread, celsius=None), **nothing}, "its temperature on the way is not known"),
        ({**seen(thread), "highest_c": 9.0}, "it was at 9 degC"),
        ({**seen(thread), "seal": "SL-6"}, "sealed with SL-5, and SL-6 was found"),
        (seen(thread, sample="X1-A"), "each sample is accepted or refused once"),
    ):
        with pytest.raises(RefusedError, match=why):
            way.do(STREAM, "receive", changed, by="investigate", signs=RECEIVED)
    assert len(way.refusals(STREAM)) == 4


@pytest.mark.requirement("F071", "F122")
@pytest.mark.requirement("F122", refuses=True)
def test_a_refused_sample_is_named_looked_into_and_never_tested(way: Doorway) -> None:
    """Its deviation stands in the way of the lot, nothing is waited for any more, and the laboratory can't take it."""
    thread = sent(way, "receive")
    came = seen(thread, celsius=21.0, refused="warm, tube cracked")
    way.do(STREAM, "receive", came, by="investigate", signs=RECEIVED)
    thread.follow()
    assert (way.state(STREAM), way.state("deviation/X1-D01")) == ("complete", "open")
    assert way.get(Manifest, STREAM).told(way.door)[0] == (
        "X1-Q for viability: cold, intact at 21 degC, refused: warm, tube cracked"
    )
    with pytest.raises(RefusedError, match=r"was refused at receipt \(warm, tube cracked\)"):
        thread.do("test", "take_in", by="perform")


@pytest.mark.requirement("F071", "F072")
def test_the_clock_of_the_laboratory_runs_from_receipt_to_the_last_result(way: Doorway) -> None:
    """Due after the hours that were agreed, over when the result is there; a cancelled test is not waited for."""
    thread = sent(way, "receive")
    before = dues_of(way.get(Manifest, STREAM))[0]
    assert before.what == "receive the samples of manifest X1"
    way.clock.go(3600.0)
    thread.do("manifest", "receive", by="investigate")
    due = dues_of(way.get(Manifest, STREAM))[0]
    assert (due.what, float(due.by - way.clock.now())) == ("report X1 at lab-1 (manifest X1)", 24 * 3600.0)
    thread.do("test", "take_in", by="perform")
    thread.do("test", "report", by="perform")
    thread.follow()
    assert (way.state(STREAM), dues_of(way.get(Manifest, STREAM))) == ("complete", ())


@pytest.mark.requirement("F123")
def test_a_temperature_class_has_both_its_ends() -> None:
    """8 degC is refrigerated and 8.1 is not; what has to be frozen may be colder."""
    cold, frozen = TemperatureClass.REFRIGERATED, TemperatureClass.FROZEN
    assert [is_within(cold, Celsius(value)) for value in (1.9, 2.0, 8.0, 8.1)] == [False, True, True, False]
    assert [is_within(frozen, Celsius(value)) for value in (-196.0, -15.0, -14.9)] == [True, True, False]
    assert (says(cold), says(TemperatureClass.CRYOGENIC)) == ("2 to 8 degC", "at most -132 degC")
