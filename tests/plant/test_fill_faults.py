"""What can go wrong while containers are filled: each ends in the right state, with an exception in the record."""

from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.product.labels import Label
from automation.kernel.errors import InputError, RefusedError
from fakes.faults import FaultKind
from tests.support.filling import (
    BAG,
    BALANCE,
    HANDLER,
    PRINTER,
    RECIPE,
    TROUGH,
    TUBES,
    asked,
    called,
    fault,
    fill_day,
    fill_site,
    hand,
    held,
    labels,
    outcome,
    recipe_with,
    said,
)
from tests.support.runs import Run, make_site, run_batch
from tests.support.scenes import answer, choose, differs, ordered, refused
from tests.support.supervisor import resolve, restart, stop, when_held

LATER = 40_000.0  # s; a run that waits for a person is left then
DONE = ("closed", "filled")
TROUBLE = frozenset({"doubt", "failed", "refused"})
HANDLERS = {"a": "handler-01", "b": HANDLER}
ON_DECK = r"^Put \S+ on the deck at trough.A1"


def number(run: Run, name: str) -> float:
    """Give a result of the filling."""
    value = run.step("fill").results[name]
    assert isinstance(value, int | float), value
    return float(value)


def filled(run: Run) -> tuple[float, float, float]:
    """Give how many bags, vials and aliquots were filled."""
    return number(run, "bags_filled"), number(run, "vials_filled"), number(run, "aliquots_filled")


# the day without faults


@pytest.mark.requirement("F024", "F061", "F119", "F120")
@pytest.mark.parametrize("site", ["a", "b"])
def test_a_filling_adds_up(tmp_path: Path, site: str) -> None:
    """Every container and label is accounted for, and the volume closes within what the readings allow."""
    run = fill_day(tmp_path, site=site)
    assert (outcome(run), filled(run), run.deviations()) == (DONE, (2, 4, 2), [])
    assert abs(number(run, "volume_unaccounted")) <= number(run, "volume_expanded") < 0.8
    assert number(run, "dose_per_bag") == pytest.approx(4.0e8, rel=0.1)
    assert (number(run, "labels_printed"), number(run, "labels_unaccounted")) == (10, 0)
    assert (len(labels(run, "applied")), len(labels(run, "kept"))) == (9, 1)


@pytest.mark.requirement("F061", "F064")
def test_a_label_says_whose_it_is_and_what_is_in_it(tmp_path: Path) -> None:
    """Statement, mark of the simulation, donation, chain of identity, volume, DMSO and storage."""
    label = fill_day(tmp_path).things["label/B-001-01-L1"]
    assert isinstance(label, Label)
    assert label.marks == ("FOR AUTOLOGOUS USE ONLY", "SIMULATED")
    wanted = ("B-001-01", "DIN A999926000201", "Chain of identity CHA999926W4SH01", "20 mL, 10 % DMSO")
    assert set(wanted) < set(label.lines)
    assert (label.code, len(label.sha256)) == ("CONTAINER:B-001-01", 64)


# labels


@pytest.mark.requirement("F061", refuses=True)
@pytest.mark.parametrize(
    ("code", "told"),
    [("", "not known here"), ("CONTAINER:B-001-02", "another container of the same patient")],
)
def test_a_bag_without_its_own_label_is_refused_and_counted(tmp_path: Path, code: str, told: str) -> None:
    """No label, or that of another bag: nothing is tared or filled before the right one was read."""
    run = fill_day(tmp_path, differs(r"^Put the new, empty bag20 B-001-01", code=code or "illegible"))
    mismatches = [e for e in run.events if e.stream.startswith("prompt/B-001.fill") and e.kind == "mismatch"]
    assert (len(mismatches), len(run.told), outcome(run)) == (1, 1, DONE)
    assert told in run.told[0]


@pytest.mark.requirement("F006", "F061", refuses=True)
def test_the_label_of_another_patient_locks_the_filling(tmp_path: Path) -> None:
    """Two people clear the line, and a deviation is open."""
    run = fill_day(tmp_path, differs(r"^Put the new, empty bag20 B-001-01", code="CONTAINER:BAG-0001"))
    assert said(run, "a container label of another patient was scanned")
    assert outcome(run) == DONE


@pytest.mark.requirement("F061")
def test_a_reprint_needs_a_reason_and_says_that_it_is_one(tmp_path: Path) -> None:
    """Without one it is refused; the spoiled label is destroyed, and the count closes."""
    run = fill_day(
        tmp_path,
        choose(r"^Look at the labels", "one is missing or spoiled"),
        answer(r"^Which label is printed again", label="B-001-01-L1", found="spoiled", reason="-"),
        answer(r"is a reprint: a reason", label="B-001-01-L1", found="spoiled", reason="ribbon creased"),
    )
    again = run.things["label/B-001-01-L3"]
    assert isinstance(again, Label)
    assert (again.state, "REPRINT" in again.marks, again.reason) == ("applied", True, "ribbon creased")
    assert any("is a reprint: a reason of at least 3" in why for why in refused(run, "label/"))
    assert (labels(run, "destroyed"), number(run, "labels_unaccounted"), outcome(run)) == (["B-001-01-L1"], 0, DONE)


@pytest.mark.requirement("F061", refuses=True)
def test_a_label_that_is_missing_stops_the_way_to_the_freezer(tmp_path: Path) -> None:
    """It was printed, nobody has it, and it could be on another bag."""
    run = fill_day(
        tmp_path,
        choose(r"^Look at the labels", "one is missing or spoiled"),
        answer(
            r"^Which label is printed again",
            label="B-001-02-L1",
            found="it came out and is not there",
            reason="not there",
        ),
        until=LATER,
    )
    assert outcome(run) == ("held", "not reconciled")
    assert said(run, "1 of 11 labels are unaccounted for")
    assert {"B-001-01", "B-001-02", "B-001-V1"} < held(run)


def test_a_printer_without_paper_prints_nothing_and_uses_no_number(tmp_path: Path) -> None:
    """People put paper in, and the same label is sent."""
    run = fill_day(
        tmp_path,
        asked(r"^Line clearance before", hand(PRINTER, "paper", left=0)),
        asked(r"^The printer printed nothing", hand(PRINTER, "paper", left=100)),
    )
    assert said(run, "label B-001-01-L1 was not printed")
    assert (run.acts[PRINTER]["print"], number(run, "labels_printed"), outcome(run)) == (10, 10, DONE)


def test_a_printer_that_opens_after_sending_is_looked_at_before_anything_is_printed_again(tmp_path: Path) -> None:
    """Doubt: the step is held; the label comes out when the head is closed, and a person says so."""
    run = fill_day(
        tmp_path,
        called("print", hand(PRINTER, "head", open=True), after=0.3),
        asked(r"^Held: clamp", hand(PRINTER, "head", open=False)),
        lambda site: when_held(site, (resolve("done"), restart())),
    )
    assert "doubt" in run.kinds("fill")
    assert any("nobody knows whether printer-01.print" in alarm for alarm in run.alarms())
    assert (run.acts[PRINTER]["print"], number(run, "labels_printed"), outcome(run)) == (10, 10, DONE)


def test_a_printer_that_loses_its_power_is_asked_again_by_a_person_alone(tmp_path: Path) -> None:
    """It forgot the label; a person sees that nothing came out, and the same number is sent once more."""
    run = fill_day(
        tmp_path,
        called("print", hand(PRINTER, "power", on=False), after=0.3),
        asked(r"^Held: clamp", hand(PRINTER, "power", on=True)),
        lambda site: when_held(site, (resolve("not done", "no label came out"), restart())),
    )
    assert "doubt" in run.kinds("fill")
    assert (run.acts[PRINTER]["print"], number(run, "labels_printed"), outcome(run)) == (10, 10, DONE)


# weights


@pytest.mark.parametrize(
    ("wrong", "right", "why"),
    [
        (("draught", {"on": True}), ("draught", {"on": False}), "the balance shows moving"),
        (("load", {"mass": 5000.0}), ("load", {"mass": 0.0}), "the balance shows overload"),
        (("unit", {"unit": "kg"}), ("unit", {"unit": "g"}), "could not be weighed"),
    ],
)
def test_a_fill_is_weighed_by_a_stable_weight_in_grams_alone(
    tmp_path: Path, wrong: tuple[str, dict[str, object]], right: tuple[str, dict[str, object]], why: str
) -> None:
    """Unstable, overloaded or in another unit: noted, put right, weighed again."""
    run = fill_day(
        tmp_path,
        called("tare", hand(BALANCE, wrong[0], **wrong[1]), after=5.0),
        asked(r"Look at the balance with B-001-01 on it", hand(BALANCE, right[0], **right[1])),
    )
    assert said(run, "B-001-01 could not be weighed", why)
    assert number(run, "smallest_bag") == pytest.approx(20.0, abs=0.3)
    assert outcome(run) == DONE


def test_a_tare_whose_answer_is_lost_is_not_stored_twice(tmp_path: Path) -> None:
    """The balance is asked what stands in it; its own count equals the record's."""
    run = fill_day(tmp_path, called("tare", fault(BALANCE, FaultKind.LOSE_REPLY, chunk=3)))
    tares = [e for e in run.events if e.kind == "call" and e.fields["method"] == "tare"]
    assert (run.acts[BALANCE]["tare"], len(tares), outcome(run)) == (3, 3, DONE)


def test_a_balance_that_lost_its_tare_is_not_believed(tmp_path: Path) -> None:
    """Its power was cut between tare and weight; the whole bag is weighed instead."""

    def cut(site: Site) -> None:
        hand(BALANCE, "power", on=False)(site)
        hand(BALANCE, "power", on=True)(site)

    run = fill_day(tmp_path, asked(r"^Mix \S+\. Fill \S+ mL from it into B-001-01,", cut, first=False), until=LATER)
    assert said(run, "the balance has lost the tare of the container")


def test_a_bag_that_is_not_empty_is_looked_at(tmp_path: Path) -> None:
    """Five grams of something are in it: two people take another decision than the program would."""
    run = fill_day(
        tmp_path,
        asked(r"^Put the new, empty bag20 B-001-01", hand(BALANCE, "load", mass=5.0), first=False),
        choose(r"weighs 1[67]\.\d+ g empty", "weigh it again"),
        asked(r"weighs 1[67]\.\d+ g empty", hand(BALANCE, "load", mass=0.0)),
    )
    assert said(run, "g empty; 12 g within 1 g is right")
    assert outcome(run) == DONE


# the liquid handler


@pytest.mark.parametrize("site", ["a", "b"])
def test_a_clot_in_one_of_eight_channels_costs_a_tip_and_no_vial(tmp_path: Path, site: str) -> None:
    """Nobody knows how much was drawn: it goes to waste with the tip, and the vial is done again with a new one."""
    eight = recipe_with(tmp_path, ("number: 4, kind: vial", "number: 8, kind: vial"), ("channels: 4", "channels: 8"))
    run = fill_day(tmp_path, called("aspirate", hand(HANDLERS[site], "clot", channel=6)), recipe=eight, site=site)
    assert said(run, "channel 6, B-001-V6 at vials.F1: clot (unknown)")
    assert (filled(run), outcome(run)) == ((2, 8, 2), DONE)
    assert number(run, "wasted") == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("site", "why", "vials"),
    [
        ("a", "tip lost (unknown); nobody knows how much went in", 3),
        ("b", "tip lost (not done); what was drawn goes", 4),
    ],
)
def test_a_tip_that_is_lost_on_the_way_is_replaced(tmp_path: Path, site: str, why: str, vials: int) -> None:
    """What was in it is waste; where the handler can't say when it fell, a person rejects the vial."""
    run = fill_day(tmp_path, called("dispense", hand(HANDLERS[site], "lose tip", channel=3)), site=site)
    assert said(run, f"channel 3, B-001-V3 at vials.C1: {why}")
    assert (filled(run), outcome(run), number(run, "wasted")) == ((2, vials, 2), DONE, 1.0)


@pytest.mark.parametrize("site", ["a", "b"])
def test_a_vial_of_which_nobody_knows_what_it_holds_is_rejected(tmp_path: Path, site: str) -> None:
    """A person decides; vial and label leave the batch, and the volume still closes."""
    run = fill_day(tmp_path, called("dispense", hand(HANDLERS[site], "clot", channel=1)), site=site)
    assert said(run, "nobody knows how much went in", "B-001-V1: not known to be filled")
    assert (filled(run), outcome(run), labels(run, "destroyed")) == ((2, 3, 2), DONE, ["B-001-V1-L1"])
    assert run.things["container/B-001-V1"].state == "emptied"
    assert abs(number(run, "volume_unaccounted")) <= number(run, "volume_expanded")


def test_a_vial_into_which_nothing_went_is_done_again_when_a_person_says_so(tmp_path: Path) -> None:
    """The doubt is the handler's; two people see that the vial is empty."""
    run = fill_day(
        tmp_path,
        called("dispense", hand(HANDLER, "clot", channel=1)),
        choose(r"nobody knows how much went in", "nothing went in: do it again with a new tip"),
    )
    assert filled(run) == (2, 4, 2)


def test_an_empty_trough_ends_after_three_attempts_of_each_tube(tmp_path: Path) -> None:
    """No liquid found: nothing is taken for filled, and what does not add up is not frozen."""
    pour = hand("bench", "pour", source=TROUGH, dest=BAG)
    run = fill_day(tmp_path, asked(ON_DECK, pour, first=False), until=LATER)
    assert said(run, "no liquid found (not done)", *(f"{tube} could not be filled" for tube in TUBES))
    assert (filled(run), outcome(run)) == ((2, 0, 0), ("closed", "filled"))


def test_tips_that_are_not_there_are_looked_at(tmp_path: Path) -> None:
    """The first tip of the rack is missing: the next one is taken."""
    run = fill_day(tmp_path, asked(ON_DECK, hand(HANDLER, "remove tips"), first=False))
    assert outcome(run) == DONE


def test_an_aspiration_of_which_nobody_knows_the_outcome_holds_the_step(tmp_path: Path) -> None:
    """Power fails while it moves: doubt; a person looks and stops, the tips come off, the product is on QA hold."""

    def off(site: Site) -> None:
        hand(HANDLER, "power", on=False)(site)
        hand(HANDLER, "power", on=True)(site)

    run = fill_day(tmp_path, called("aspirate", off, after=1.0), lambda site: when_held(site, (stop(),)), until=LATER)
    assert any("nobody knows whether handler-02.aspirate" in alarm for alarm in run.alarms())
    assert (run.state, {"B-001-01", TROUGH} < held(run), run.acts[HANDLER]["aspirate"]) == ("closed", True, 1)
    assert run.acts[HANDLER]["drop"] == 1


@pytest.mark.requirement("F119", refuses=True)
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "kind: vial, volume: 1.0 mL",
            "kind: vial, volume: 1.2 mL",
            "channel 1, trough.A1: volume is 1200 uL; the tip takes",
        ),
        ("deck_sha256: ", "deck_sha256: 0", "the handler works with deck final-day-star"),
        (
            "number: 2, kind: tube, volume: 0.5 mL",
            "number: 17, kind: tube, volume: 0.1 mL",
            "17 aliquots are to be filled; the deck final-day-star has places for 16",
        ),
    ],
)
def test_what_the_deck_does_not_take_is_refused_before_anything_moves(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    """A volume above the tip, another deck, too few places: held before a label is printed or a bag is filled."""
    run = fill_day(tmp_path, recipe=recipe_with(tmp_path, (old, new)), until=LATER)
    assert outcome(run) == ("held", "")  # it is still being set out
    assert any(why in alarm for alarm in run.alarms()), run.alarms()
    assert run.acts[HANDLER]["pick up"] == 0
    assert not [name for name in run.things if name.startswith("label/")]


@pytest.mark.requirement("F119", refuses=True)
@pytest.mark.parametrize("volume", ["-1.0 mL", ".nan mL", "1.0 g", "9.0 mL", "1.0"])
def test_a_volume_that_is_none_is_one_clear_error_of_the_recipe(tmp_path: Path, volume: str) -> None:
    """Negative, no number, no volume, above every tube: nothing is issued."""
    recipe = recipe_with(tmp_path, ("kind: vial, volume: 1.0 mL", f"kind: vial, volume: {volume}"))
    with pytest.raises(InputError, match=r"changed\.yaml:\d+:\d+: steps\[3\]\.given\.vials\.volume"):
        fill_day(tmp_path, recipe=recipe)


@pytest.mark.requirement("F023", "F061", refuses=True)
def test_a_label_that_fits_on_no_printer_is_found_when_the_batch_is_issued(tmp_path: Path) -> None:
    """Before there is any product that can't wait: nothing is issued, nothing printed."""
    folder = fill_site(tmp_path / "site", "b", ('width: "70", height: "50"', 'width: "70", height: "25"'))
    with pytest.raises(RefusedError, match=r"B-001 can't be issued: the label of B-001-99 .* mm fit on the label"):
        run_batch(folder, recipe=str(RECIPE))


def test_people_with_a_pipette_fill_the_same_tubes(tmp_path: Path) -> None:
    """The recipe does not change where there is no liquid handler; two people verify what was drawn and given."""
    settings = "settings: {maker: Simulated Pipettes, model: P1000, serial: SIM-P1000}"
    plate = "maker: Simulated Pipettes\n    model: P1000\n    serial: SIM-P1000"
    own = "driver: own_handler\n    port: memory\n    fake: own_handler\n    serial: OWN-0001"
    by_hand = f"driver: manual_pipetting\n    fake: manual_pipetting\n    {settings}\n    {plate}"
    run = run_batch(fill_site(tmp_path / "site", "b", (own, by_hand)), recipe=str(RECIPE))
    assert (outcome(run), filled(run), run.deviations()) == (DONE, (2, 4, 2), [])
    assert run.acts[HANDLER] == {"tip": 6, "draw": 6, "give": 6, "drop": 6}


# the end


@pytest.mark.requirement("F061", "F119", refuses=True)
def test_a_bag_that_leaks_is_rejected_at_the_visual_check(tmp_path: Path) -> None:
    """Its contents are waste, its label is destroyed, and the others go on."""
    run = fill_day(tmp_path, differs(r"^Take all off the deck", **{"check B-001-02": "reject"}))
    assert said(run, "B-001-02: rejected at the visual check")
    assert (filled(run), labels(run, "destroyed"), outcome(run)) == ((1, 4, 2), ["B-001-02-L1"], DONE)


@pytest.mark.requirement("F024", refuses=True)
def test_a_container_too_few_is_not_frozen(tmp_path: Path) -> None:
    """Two people count seven; the record has eight."""
    run = fill_day(tmp_path, differs(r"^Line clearance after", containers=7.0), until=LATER)
    assert said(run, "1 filled containers are unaccounted for")
    assert outcome(run) == ("held", "not reconciled")


@pytest.mark.requirement("F024", refuses=True)
def test_a_volume_that_is_lost_is_not_overlooked(tmp_path: Path) -> None:
    """Three mL run onto the floor: what is left does not add up."""
    spill = hand("bench", "pour", source=BAG, dest="BUF-3301", volume=3.0)
    run = fill_day(tmp_path, asked(r"^Take all off the deck", spill), until=LATER)
    assert said(run, "%), at most 3 % is allowed")
    assert outcome(run) == ("held", "not reconciled")


def test_too_little_product_fills_what_it_can(tmp_path: Path) -> None:
    """QC aliquots first, then bags, then vials; the plan is a deviation and the labels are as many as containers."""
    recipe = recipe_with(tmp_path, ("number: 2, kind: bag20", "number: 3, kind: bag20"))
    run = fill_day(tmp_path, recipe=recipe)
    assert said(run, "mL fill 2 bags, 4 vials and 2 aliquots; 3, 4 and 2 were wanted")
    assert (filled(run), outcome(run)) == ((2, 4, 2), DONE)


@pytest.mark.parametrize(
    ("state", "command"),
    [("labelled", "abort"), ("filled by weight", "stop"), ("filled by weight", "abort"), ("pipetted", "stop")],
)
def test_a_filling_that_ends_early_is_safe(tmp_path: Path, command: str, state: str) -> None:
    """No tip stays on a channel, no label lies about, and all product is on QA hold."""
    run = fill_day(tmp_path, ordered("fill", state, command, after=90.0))
    assert (run.state, labels(run, "printed"), labels(run, "verified")) == ("closed", [], [])
    assert BAG in held(run) or run.things[f"container/{BAG}"].state == "emptied"


def test_a_hold_of_the_filling_goes_on_where_it_was(tmp_path: Path) -> None:
    """Nothing is filled, printed or pipetted twice."""
    run = fill_day(tmp_path, ordered("fill", "filled by weight", "hold", "restart", after=60.0))
    assert (outcome(run), filled(run), run.acts[PRINTER]["print"]) == (DONE, (2, 4, 2), 10)


# links


@pytest.mark.parametrize("kind", [FaultKind.LOSE_COMMAND, FaultKind.GARBLE_REPLY, FaultKind.LOSE_LINK])
@pytest.mark.parametrize(("asset", "method"), [(BALANCE, "tare"), (HANDLER, "aspirate"), (HANDLER, "dispense")])
def test_a_broken_link_in_the_middle_of_an_act_does_nothing_twice(
    tmp_path: Path, kind: FaultKind, asset: str, method: str
) -> None:
    """The device is asked, or people are; a tare that was read wrongly looks wrong, and is taken again by a person."""
    run = fill_day(
        tmp_path,
        called(
            method, fault(asset, kind, chunk=1 + 2 * (method == "tare"))
        ),  # before a tare the balance is asked for weight and tare
        lambda site: when_held(site, (restart(),), (restart(),)),
        until=LATER,
    )
    assert (outcome(run), filled(run)) == (DONE, (2, 4, 2))
    assert run.acts[BALANCE]["tare"] == 3 + (method == "tare" and kind is FaultKind.GARBLE_REPLY)
    assert {run.acts[HANDLER][act] for act in ("pick up", "aspirate", "dispense", "drop")} == {2}
    noted = [e for e in run.events if e.fields.get("reconciled") or e.fields.get("attempt") == 2 or e.kind in TROUBLE]
    assert noted or run.deviations()


def test_a_label_that_was_lost_on_the_cable_is_missed_by_people(tmp_path: Path) -> None:
    """A printer acknowledges nothing: it says that it is empty. The number is void, and the count closes."""
    run = fill_day(tmp_path, called("print", fault(PRINTER, FaultKind.LOSE_COMMAND, chunk=2), n=2))
    assert said(run, "label B-001-02-L1, nothing came out of the printer, was printed again")
    assert (labels(run, "not printed"), run.acts[PRINTER]["print"]) == (["B-001-02-L1"], 10)
    assert (number(run, "labels_printed"), number(run, "labels_unaccounted"), outcome(run)) == (10, 0, DONE)


@pytest.mark.parametrize("kind", [FaultKind.GARBLE_REPLY, FaultKind.CUT_REPLY, FaultKind.LOSE_LINK])
def test_a_printer_whose_answer_is_broken_prints_each_label_once(tmp_path: Path, kind: FaultKind) -> None:
    """One that can't be read is asked for again; when nothing is heard any more people look."""
    run = fill_day(
        tmp_path,
        called("print", fault(PRINTER, kind, chunk=3), n=2),
        lambda site: when_held(site, (resolve("done"), restart())),
        until=LATER,
    )
    assert (run.acts[PRINTER]["print"], number(run, "labels_printed"), outcome(run)) == (10, 10, DONE)


@pytest.mark.requirement("F119", refuses=True)
def test_more_than_a_bag_holds_is_one_clear_error_of_the_recipe(tmp_path: Path) -> None:
    """Found when the recipe is read, not with the product in hand; densities need their unit too."""
    for change, why in (
        (
            {
                "fill.bags": "{number: 2, kind: bag20, volume: 40 mL, holds: 30 mL, empty: 12 g, "
                "empty_tolerance: 1 g, tolerance: 0.3 g}"
            },
            "volume is 40 mL, and a bag20 holds 30 mL",
        ),
        ({"wash.source_density": "1.01"}, "without a unit"),
    ):
        with pytest.raises(InputError, match=why):
            run_batch(make_site(tmp_path), recipe="final-day", changes=change)
