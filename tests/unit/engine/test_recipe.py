"""What the recipe loader takes and gives: units, order, references, digest, changes, binding."""

from dataclasses import make_dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.engine.recipe.bind import Recorded, bind
from automation.engine.recipe.model import Literal, Reference
from automation.engine.recipe.spec import spec_of, words
from automation.formulas.limits import Operator
from automation.gmp.words import Meaning
from automation.kernel.errors import CellwrightError, InputError, RefusedError
from automation.kernel.quantity import Celsius, KelvinPerMinute, Millilitres, Percent, Seconds
from tests.unit.engine.recipe_world import GOOD, OPERATIONS, Cool, CoolParameters, Segment, Way, read

HOLD = Segment(Way.HOLD, Celsius(4.0), dwell=Seconds(600.0))
RAMP = Segment(Way.RAMP, Celsius(-40.0), rate=KelvinPerMinute(1.0))


def test_values_arrive_in_the_unit_of_their_type(tmp_path: Path) -> None:
    """Ten minutes of dwell are 600 s, whatever unit the recipe uses."""
    recipe = read(tmp_path)
    program = recipe.step("cool").given["program"]
    assert isinstance(program, Literal)
    assert program.value == (HOLD, RAMP)


def test_a_reference_is_kept_until_the_step_starts(tmp_path: Path) -> None:
    """The recipe says where the value comes from, not what it is."""
    taken = read(tmp_path).step("cool").given["volume"]
    assert isinstance(taken, Reference)
    assert taken.text == "weigh.volume"


def test_limits_keep_their_decimals_as_entered(tmp_path: Path) -> None:
    """80.0 is a limit of one decimal, 80 one of none."""
    limit = read(tmp_path).step("weigh").limits["viability"].alert[0]
    assert (limit.operator, str(limit.value), limit.decimals) == (Operator.AT_LEAST, "80.0", 1)


def test_signatures_yields_and_time_limits_are_read(tmp_path: Path) -> None:
    """What a step has to carry stands in the model, in the recipe's order."""
    recipe = read(tmp_path)
    assert recipe.step("weigh").signatures == (Meaning.PERFORMED, Meaning.VERIFIED)
    assert [one.name for one in recipe.step("cool").yields] == ["volume"]
    limit = recipe.time_limits[0]
    assert (limit.start.text, limit.end.text) == ("weigh.done", "cool.start")
    assert (limit.most, limit.warn_at) == (Seconds(3600.0), Percent(70.0))


def test_a_theoretical_yield_is_in_the_unit_of_the_actual_one(tmp_path: Path) -> None:
    """0.02 L are 20 mL, in which the volume is recorded."""
    recipe = read(tmp_path, GOOD.replace("theoretical: {from: weigh.volume}", "theoretical: 0.02 L"))
    assert recipe.step("cool").yields[0].theoretical == Literal(20.0, "0.02 L", "r.yaml:31:22")


def test_steps_without_after_follow_the_one_before(tmp_path: Path) -> None:
    """The order of writing is the order of running unless ``after`` says otherwise."""
    assert [(step.id, step.after) for step in read(tmp_path).steps] == [("weigh", ()), ("cool", ("weigh",))]


def test_steps_are_put_into_an_order_in_which_they_can_run(tmp_path: Path) -> None:
    """A step may be written before the one that it waits for."""
    start, middle, rest = GOOD.partition("  - id: weigh")
    weigh, _, tail = (middle + rest).partition("  - id: cool")
    cool, _, limits = tail.partition("time_limits:")
    turned = start + "  - id: cool\n    after: weigh" + cool + weigh.replace("    given", "    after: []\n    given", 1)
    assert [step.id for step in read(tmp_path, turned + "time_limits:" + limits).steps] == ["weigh", "cool"]


def test_the_digest_is_of_the_content_and_not_of_its_form(tmp_path: Path) -> None:
    """White space, comments, quotes, the order of keys and the status change nothing; a value does."""
    whole = read(tmp_path).digest
    same = GOOD.replace("tolerance: 0.5 K", "tolerance:   '0.5 K' # half").replace("status: draft", "status: approved")
    assert read(tmp_path, same).digest == whole
    assert read(tmp_path, GOOD.replace("0.5 K", "0.50 K")).digest != whole


def test_a_change_for_an_engineering_lot_is_noted_beside_the_approved_value(tmp_path: Path) -> None:
    """The approved digest stays, the digest in force is another, and both values are known."""
    recipe = read(tmp_path, cool__every="30 s")
    (change,) = recipe.changes
    assert (change.step, change.parameter, change.approved, change.changed) == ("cool", "every", "10 s", "30 s")
    assert recipe.approved_digest == read(tmp_path).digest != recipe.digest
    assert recipe.step("cool").given["every"] == Literal(30.0, "30 s", "--set cool.every:1:1")


def test_a_change_of_an_unknown_parameter_names_the_nearest_one(tmp_path: Path) -> None:
    """``--set`` is checked like the file."""
    with pytest.raises(InputError, match=r"--set cool.evry: .*did you mean 'every'"):
        read(tmp_path, cool__evry="30 s")


def test_binding_gives_the_parameters_and_the_event_that_gave_a_value(tmp_path: Path) -> None:
    """The operation gets its own type; the record gets the source."""
    bound = bind(OPERATIONS["cool"], read(tmp_path).step("cool"), {"weigh.volume": Recorded(20.5, 17)})
    assert isinstance(bound.given, CoolParameters)
    assert bound.given.volume == Millilitres(20.5)
    assert [(one.parameter, one.result, one.seq) for one in bound.resolved] == [("volume", "weigh.volume", 17)]


@pytest.mark.parametrize("results", [{}, {"weigh.volume": Recorded(None, 3)}])
def test_a_step_does_not_start_without_the_result_that_it_needs(tmp_path: Path, results: dict[str, Recorded]) -> None:
    """Nothing stands in for a result that an earlier step did not give."""
    with pytest.raises(RefusedError, match=r"needs weigh.volume"):
        bind(OPERATIONS["cool"], read(tmp_path).step("cool"), results)


def test_an_operation_tells_what_it_asks_and_gives() -> None:
    """Interfaces are equipment, everything else is a service; moves and states are events."""
    spec = spec_of(Cool)
    assert dict(spec.equipment) == {"chamber": "chamber", "second": "chamber"}
    assert spec.optional_equipment == frozenset({"second"})
    assert list(spec.services) == ["watch"]
    assert spec.events == {"start", "at_work", "finish", "done"}
    assert (spec.parameters["every"].unit, spec.parameters["every"].high) == ("s", 60.0)


@pytest.mark.requirement("C02", refuses=True)
def test_a_parameter_with_a_default_is_refused() -> None:
    """What an approved recipe does not say must not be decided by the code."""
    with pytest.raises(CellwrightError, match="has a default"):
        spec_of(_lenient())


def _lenient() -> type:
    parameters = make_dataclass("Parameters", [("repeats", int, 2)], frozen=True)
    return make_dataclass("Lenient", [("given", parameters)], frozen=True)


@given(st.lists(st.sampled_from(["Controlled", "Rate", "Freezer"]), min_size=1, max_size=3))
@settings(derandomize=True)
def test_class_names_and_words_of_a_recipe_meet(parts: list[str]) -> None:
    """``ControlledRateFreezer`` and ``controlled-rate freezer`` are one capability."""
    assert words("".join(parts)) == words("-".join(parts)) == words(" ".join(parts).lower())
