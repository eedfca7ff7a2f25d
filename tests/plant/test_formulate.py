"""Formulation on whole runs: what is made, and what can go wrong on the way; each ends as it should, on the record."""

import re
from pathlib import Path

import pytest

from automation.gmp.quality.timers import Timer
from fakes.world import World
from tests.support.filling import BAG, BALANCE, RECIPE, asked, fill_day, fill_site, hand, held, recipe_with, said
from tests.support.runs import Run, plant_of, run_batch
from tests.support.scenes import answer, late, order, ordered, refused, scan

LATER = 40_000.0  # s; a run that waits for a person is left then
CRYO = (
    "  CRYO-2203: {what: cryoprotectant, supplier: Simulated Supplies, quantity: 100 mL, density: 1.035 g/mL, expiry: "
)
FIRST, LAST = r"portion 1 of 3", r"portion 3 of 3"


def made(run: Run, name: str) -> float:
    """Give a result of the formulation."""
    value = run.step("formulate").results[name]
    assert isinstance(value, int | float)
    return float(value)


def asked_of(run: Run) -> list[str]:
    """Give what people were asked."""
    return [str(getattr(getattr(one, "opening", None), "text", "")) for one in run.things.values()]


@pytest.mark.requirement("F017")
def test_what_the_weights_say_is_what_is_in_the_bag(tmp_path: Path) -> None:
    """Volume, DMSO and cells lie within their expanded uncertainty of what truly is there."""
    worlds: list[World] = []
    stopped = asked(r"^Line clearance before", lambda site: order(site, "hold"))
    run = fill_day(tmp_path, lambda site: worlds.append(plant_of(site).world), stopped, until=LATER)
    true = worlds[0].container(BAG).contents
    assert run.step("formulate").state == "formulated"
    assert made(run, "volume") == pytest.approx(float(true.volume), abs=2 * made(run, "volume_uncertainty"))
    assert made(run, "dmso") == pytest.approx(100 * true.dmso, abs=2 * made(run, "dmso_uncertainty"))
    concentration = float(true.live) / float(true.volume)
    assert made(run, "viable_concentration") == pytest.approx(concentration, abs=2 * made(run, "viable_uncertainty"))


@pytest.mark.requirement("F017")
def test_the_exposure_clock_starts_at_first_contact(tmp_path: Path) -> None:
    """Not before, whatever the preparation takes; and it is due the allowed time later."""
    run = fill_day(tmp_path, late(r"make ready to add", 20.0))
    timer = next(one for one in run.things.values() if isinstance(one, Timer))
    assert timer.started_at == pytest.approx(made(run, "contact_at"))
    assert float(timer.due) - made(run, "contact_at") == pytest.approx(3600.0)
    asked = next(e for e in run.events if e.kind == "open" and "make ready to add" in str(e.fields))
    answered = next(e for e in run.events if e.stream == asked.stream and e.kind == "answer")
    assert timer.started_at == pytest.approx(answered.at / 1e6)


@pytest.mark.requirement("F017", "F019")
def test_an_exposure_over_its_limit_is_a_deviation_at_the_moment(tmp_path: Path) -> None:
    """The product goes on, because standing in DMSO does it no good; people were told before."""
    run = fill_day(tmp_path, late(LAST, 70.0))
    assert said(run, "exposure before freezing: the time limit was exceeded")
    assert "exposure before freezing: 30 min left" in run.alarms()
    assert run.step("fill").state == "filled"


@pytest.mark.requirement("F017", refuses=True)
def test_what_can_not_be_made_is_refused_before_anything_is_added(tmp_path: Path) -> None:
    """40 mL of washed cells can't become 50 mL with 10 % from a stock of 20 %; the cells wait for QA in the cold."""
    recipe = recipe_with(tmp_path, ("target: 2.0e7", "target: 9.0e7"), ("volume_least: 48.0", "volume_least: 5.0"))
    run = fill_day(tmp_path, recipe=recipe, until=LATER)
    assert (run.step("formulate").state, run.state) == ("not possible", "held")
    [why] = [title for title in run.deviations() if "concentrate the cells further" in title]
    wanted = re.fullmatch(r".*make at least (\S+) mL, above the (\S+) mL wanted.*", why)
    assert wanted is not None
    assert [float(one) for one in wanted.groups()] == pytest.approx([40.0, 11.56], rel=0.03)
    assert held(run) == {BAG}


def test_an_error_in_the_diluent_does_not_change_the_dmso(tmp_path: Path) -> None:
    """Somebody pours 9 mL more; the cryoprotectant follows from what the balance shows."""
    more = {"source": "BUF-3301", "dest": BAG, "volume": 9.0}
    run = fill_day(tmp_path, asked(r"^Add \S+ mL of wash buffer", hand("bench", "pour", **more)))
    assert said(run, "g of wash buffer went in; ")
    assert made(run, "dmso") == pytest.approx(10.0, abs=0.1)
    assert made(run, "viable_concentration") < 1.8e7


def test_what_is_missing_is_added_and_weighed_again(tmp_path: Path) -> None:
    """A person forgets a portion; the balance sees it."""
    run = fill_day(tmp_path, answer(FIRST))
    assert made(run, "dmso") == pytest.approx(10.0, abs=0.1)
    assert any("so much is missing" in text for text in asked_of(run))


@pytest.mark.requirement("F062", "F097", refuses=True)
@pytest.mark.parametrize(
    ("expiry", "why"),
    [
        ('"2026-01-05"', "lot CRYO-2203 expired: it was usable until the end of 2026-01-05"),
        ('"2029-10-31", released: false', "lot CRYO-2203 is quarantine, not released"),
    ],
)
def test_cryoprotectant_that_may_not_be_used_holds_the_step_before_it_begins(
    tmp_path: Path, expiry: str, why: str
) -> None:
    """One expired overnight, one was never released: nothing is weighed and nothing touched."""
    folder = fill_site(tmp_path / "site", "b", (f'{CRYO}"2029-10-31"', f"{CRYO}{expiry}"))
    run = run_batch(folder, late("chain-of-identity", 1200.0), recipe=str(RECIPE), until=3 * LATER)
    assert (run.state, run.kinds("formulate")) == ("held", ["bound"])
    assert any(why in alarm for alarm in run.alarms()), run.alarms()


@pytest.mark.requirement("F017", "F096", refuses=True)
def test_the_label_of_another_lot_is_refused_and_counted(tmp_path: Path) -> None:
    """The person is told, and scans the right one."""
    run = fill_day(tmp_path, scan(r"^Scan the label of cryoprotectant", "LOT:BUF-3301"))
    mismatches = [e for e in run.events if e.stream.startswith("prompt/B-001.formulate") and e.kind == "mismatch"]
    assert (len(mismatches), len(run.told), run.step("formulate").state) == (1, 1, "formulated")


@pytest.mark.parametrize(
    ("wrong", "right", "why"),
    [
        (("draught", {"on": True}), ("draught", {"on": False}), "the balance shows moving"),
        (("load", {"mass": 5000.0}), ("load", {"mass": 0.0}), "the balance shows overload"),
        (("unit", {"unit": "kg"}), ("unit", {"unit": "g"}), "could not be weighed: "),
    ],
)
def test_a_weight_that_is_none_is_never_taken(
    tmp_path: Path, wrong: tuple[str, dict[str, object]], right: tuple[str, dict[str, object]], why: str
) -> None:
    """Unstable, overloaded or in another unit: noted, put right by people, and weighed again."""
    run = fill_day(
        tmp_path,
        asked(r"^Put WASH-0001 alone on the balance, tubes", hand(BALANCE, wrong[0], **wrong[1])),
        asked(r"alone on the balance again", hand(BALANCE, right[0], **right[1])),
    )
    assert said(run, f"{BAG} could not be weighed: ")
    assert said(run, why)
    assert made(run, "volume_washed") == pytest.approx(20.0, abs=0.6)
    assert run.state == "closed"


def test_a_balance_that_can_not_be_put_right_is_replaced_by_another(tmp_path: Path) -> None:
    """Two people read it there; the record says that it was entered."""
    run = fill_day(tmp_path, asked(r"^Put WASH-0001 alone", hand(BALANCE, "unit", unit="mg")), until=LATER)
    assert run.step("formulate").state == "formulated"
    assert sum("could not be weighed" in title for title in run.deviations()) >= 1


@pytest.mark.parametrize(
    ("state", "says"), [("planned", "Held before contact"), ("in contact", "Held after contact with cryoprotectant")]
)
def test_a_hold_says_whether_the_clock_runs(tmp_path: Path, state: str, says: str) -> None:
    """Before contact nothing is lost; after it the clock runs on."""
    run = fill_day(tmp_path, ordered("formulate", state, "hold", "restart"))
    assert any(text.startswith(says) for text in asked_of(run))
    assert (run.state, run.step("formulate").state) == ("closed", "formulated")


@pytest.mark.parametrize("command", ["stop", "abort"])
def test_cells_of_a_formulation_that_ends_early_are_kept_cold_under_qa_hold(tmp_path: Path, command: str) -> None:
    """Whether it is ended in order or at once."""
    worlds: list[World] = []
    run = fill_day(
        tmp_path,
        lambda site: worlds.append(plant_of(site).world),
        ordered("formulate", "in contact", command),
    )
    assert (run.state, held(run), worlds[0].container(BAG).place) == ("closed", {BAG}, "fridge")
    assert refused(run, "container") == []
