"""What a wash knows without any device: accounts, differences of programs, where cells are, what can be saved."""

import math
from dataclasses import replace

import pytest

from automation.kernel.quantity import Grams, GramsPerMillilitre, Millilitres, Percent, Seconds
from instruments.interfaces.cell_washer import (
    Kit,
    ProcessValues,
    Waiting,
    WasherState,
    WasherStatus,
    WashParameter,
    WashProgram,
)
from protocols.operations.washing import (
    KEEP,
    RECOVER,
    RINSE,
    Approved,
    Parameters,
    Washout,
    Where,
    flowed,
    salvage,
    stood,
    where,
)
from protocols.operations.washing_accounts import Counted, Weights, account, source_contents
from protocols.operations.washing_run import Known
from protocols.operations.washing_setup import difference

PROGRAM = WashProgram("Wash", "ab" * 16, (WashParameter("Wash volume (mL)", 100), WashParameter("G-force (g)", 1600)))
APPROVED = Approved(
    model="W",
    program=PROGRAM,
    washout=Washout.CONTINUOUS,
    chamber=Millilitres(10.0),
    cycles=1,
    hold_up=Millilitres(10.0),
    hold_up_uncertainty=Millilitres(0.5),
    recovery_step=4,
    other_buffer=Millilitres(30.0),
    writes_history=True,
    pause_in=(2,),
    longest=Seconds(3600.0),
    every=Seconds(10.0),
    silent_at_most=Seconds(300.0),
)
GIVEN = Parameters(
    programs=(APPROVED,),
    product_bag="bag150",
    product_suffix="W",
    source_empty=Grams(28.0),
    source_empty_uncertainty=Grams(0.3),
    source_differs_at_most=Percent(5.0),
    source_left_at_most=Millilitres(10.0),
    source_density=GramsPerMillilitre(1.01),
    product_density=GramsPerMillilitre(1.005),
    density_uncertainty=Percent(0.3),
    balance_uncertainty=Grams(0.05),
    flow_uncertainty=Percent(0.6),
    residual_at_most=Percent(1.0),
)
WEIGHTS = Weights(
    source_before=Grams(430.99), source_after=Grams(32.04), product_before=Grams(18.0), product_after=Grams(38.1)
)
RUNNING = WasherStatus(WasherState.RUNNING, 2, Waiting.NOTHING, Kit.VALID, "K-1", door_closed=True, checksum="AB" * 16)


def test_the_volumes_of_a_good_wash_close_within_their_uncertainty() -> None:
    """395 mL and 130 mL of buffer went in; 20 mL, 495 mL of waste and 10 mL in the kit account for it."""
    done = account(
        WEIGHTS, Counted(Millilitres(130.0), Millilitres(495.0), "washer"), approved=APPROVED, given=GIVEN, rinsed=None
    )
    assert done.came_in.value == pytest.approx(395.0)
    assert done.came_out.value == pytest.approx(20.0)
    assert done.left.value == pytest.approx(4.0)
    assert done.balance.unaccounted == pytest.approx(0.0, abs=0.01)
    assert done.balance.closes
    assert float(done.residual) == pytest.approx(0.00454, rel=1e-3)


@pytest.mark.parametrize("lost", [10.0, -10.0])
def test_ten_millilitres_too_many_or_too_few_do_not_close(lost: float) -> None:
    """A leak or a wrong entry is larger than what the readings can be wrong by."""
    counted = Counted(Millilitres(130.0), Millilitres(495.0 + lost), "washer")
    done = account(WEIGHTS, counted, approved=APPROVED, given=GIVEN, rinsed=None)
    assert not done.balance.closes
    assert done.balance.unaccounted == pytest.approx(-lost, abs=0.01)


def test_a_rinse_by_hand_counts_as_buffer_and_makes_the_hold_up_uncertain() -> None:
    """What was rinsed out is not in the kit any more, and nobody knows how much of it."""
    counted = Counted(Millilitres(130.0), Millilitres(495.0), "washer")
    after = replace(WEIGHTS, product_after=Grams(53.175))
    done = account(after, counted, approved=APPROVED, given=GIVEN, rinsed=Millilitres(10.0))
    assert done.balance.closes
    assert done.balance.unaccounted == pytest.approx(0.0, abs=0.01)


def test_cycles_of_a_centrifuge_leave_more_than_flow_does() -> None:
    """The recipe says how a washer exchanges the medium; the same volumes give another residual."""
    batch = replace(APPROVED, washout=Washout.BATCH, cycles=2)
    counted = Counted(Millilitres(130.0), Millilitres(495.0), "washer")
    done = account(WEIGHTS, counted, approved=batch, given=GIVEN, rinsed=None)
    assert float(done.residual) == pytest.approx(100.0 * (10.0 / 60.0) ** 2)


def test_the_same_program_has_no_difference_however_its_checksum_is_written() -> None:
    """Upper and lower case hex digits are the same number."""
    assert difference(replace(PROGRAM, checksum="AB" * 16), PROGRAM) == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (replace(PROGRAM, name="Other"), "the washer holds 'Other', approved is 'Wash'"),
        (replace(PROGRAM, checksum="cd" * 16), "its checksum is cdcd"),
        (replace(PROGRAM, checksum=""), "its checksum is none"),
        (replace(PROGRAM, parameters=PROGRAM.parameters[:1]), "G-force (g) is not set, approved is 1600"),
        (
            replace(PROGRAM, parameters=(WashParameter("Wash volume (mL)", 1000), PROGRAM.parameters[1])),
            "Wash volume (mL) is 1000, approved is 100",
        ),
    ],
)
def test_what_differs_from_the_approved_program_is_named(found: WashProgram, words: str) -> None:
    """Name, checksum or the value of a parameter, with what is approved."""
    assert words in difference(found, PROGRAM)


@pytest.mark.parametrize(
    ("flows", "step", "cells"),
    [
        (ProcessValues(processed=Millilitres(0.0)), 1, Where.SOURCE),
        (ProcessValues(processed=Millilitres(90.0), collected=Millilitres(0.0)), 2, Where.CHAMBER),
        (ProcessValues(processed=Millilitres(395.0), collected=Millilitres(8.0)), 4, Where.PRODUCT),
        (ProcessValues(), 3, Where.CHAMBER),
        (ProcessValues(), 0, Where.UNKNOWN),
        (None, 0, Where.UNKNOWN),
    ],
)
def test_volumes_tell_where_the_cells_are(flows: ProcessValues | None, step: int, cells: Where) -> None:
    """Without volumes the last step that was seen tells it; without either nobody knows."""
    assert where(RUNNING, flows, step=step, recovery_step=4) is cells
    assert where(None, flows, step=step, recovery_step=4) is Where.UNKNOWN


@pytest.mark.parametrize("cells", Where)
@pytest.mark.parametrize("state", WasherState)
def test_the_salvage_table_always_leaves_a_choice_that_keeps_the_cells(cells: Where, state: WasherState) -> None:
    """A run that is on can be led to its recovery; otherwise hands bring the cells out, or the bag is kept."""
    choices = salvage(cells, state)
    assert (RECOVER in choices) == (state in {WasherState.RUNNING, WasherState.PAUSED} and cells is not Where.SOURCE)
    assert (KEEP if cells is Where.SOURCE else RINSE) in choices
    assert len(set(choices)) == len(choices)


def test_only_what_is_new_in_a_look_is_news() -> None:
    """The same step, wait, door and checksum again are none; the approved checksum never is."""
    known = Known().after(RUNNING, APPROVED)
    assert not known.news(RUNNING, APPROVED)
    assert known.news(replace(RUNNING, step=3), APPROVED)
    assert known.news(replace(RUNNING, waiting=Waiting.BUBBLE), APPROVED)
    assert known.news(replace(RUNNING, door_closed=False), APPROVED)
    assert known.news(replace(RUNNING, checksum="cd" * 16), APPROVED)
    assert not known.news(replace(RUNNING, state=WasherState.READY, step=0), APPROVED)


def test_people_are_told_what_stands_in_words() -> None:
    """State, step and door of the washer, and what has flowed as far as it is known."""
    assert stood(None) == "does not answer"
    assert stood(replace(RUNNING, door_closed=False)) == "running, step 2, its door is open"
    assert flowed(None) == flowed(ProcessValues()) == "volumes not known"
    assert flowed(ProcessValues(processed=Millilitres(90.0))) == "90 mL drawn from the source"


def test_a_bag_that_nobody_weighed_empty_is_known_no_better_than_its_kind() -> None:
    """32.04 g less 28 g within 0.3 g: 4.0 mL within 0.3 mL, whatever the balance can do."""
    left = source_contents(Grams(32.04), GIVEN)
    assert left.value == pytest.approx(4.0)
    assert left.standard == pytest.approx(math.hypot(0.3, 0.05) / 1.01, rel=0.01)
