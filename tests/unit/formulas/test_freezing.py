"""Acceptance of freezing curves: good runs pass, bad runs fail, and a probe out of the product is never a pass."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.formulas import curves
from automation.formulas.curves import Point
from automation.formulas.freezing import Criteria, FreezeJudgement, Verdict, judge
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Kelvin, KelvinPerMinute, Seconds
from tests.unit.formulas.bag import BAG_20, BAG_50, COMP, LIN, VIAL, points

CRITERIA = Criteria(
    nucleation_highest=Celsius(-5.0),
    nucleation_lowest=Celsius(-12.0),
    rise=Kelvin(1.0),
    rise_within=Seconds(60.0),
    plateau_band=Kelvin(1.0),
    plateau_longest=Seconds(600.0),
    rate_from=Celsius(-10.0),
    rate_to=Celsius(-40.0),
    slowest=KelvinPerMinute(0.5),
    fastest=KelvinPerMinute(2.0),
    end_highest=Celsius(-80.0),
    faults_allowed=0,
    gap_longest=Seconds(60.0),
    lag_least=Kelvin(1.0),
    lag_within=Seconds(180.0),
    jump=Kelvin(8.0),
    jump_within=Seconds(30.0),
)


def verdicts(judged: FreezeJudgement) -> dict[str, Verdict]:
    """The criteria that were not met."""
    return {one.name: one.verdict for one in judged.exceptions}


def out_of_product(curve: list[Point], *, since: float) -> list[Point]:
    """The same curve with the probe hanging in the chamber from a moment on."""
    return [replace(p, sample=p.chamber) if float(p.at) >= since and p.chamber is not None else p for p in curve]


@pytest.mark.requirement("F018", "F048")
@pytest.mark.parametrize(
    ("program", "product", "rate"),
    [
        (LIN, VIAL, 1.67),
        (LIN, BAG_20, 1.36),
        (LIN, BAG_50, 1.62),
        (COMP, VIAL, 1.41),
        (COMP, BAG_20, 1.13),
        (COMP, BAG_50, 1.34),
    ],
)
def test_good_runs_pass_with_the_reference_rates(
    program: list[tuple[float, float, float]], product: tuple[float, float, float], rate: float
) -> None:
    """Mean cooling from -10 to -40 degC equals the reference calculation within 2 %."""
    judged = judge(points(program, product), CRITERIA)
    assert (judged.verdict, judged.exceptions) == (Verdict.PASS, ())
    assert judged.rate is not None
    assert float(judged.rate) == pytest.approx(rate, rel=0.02)


def test_the_reference_time_from_nucleation_to_minus_10_is_found() -> None:
    """LIN: 11.6, 8.4 and 11.6 min for vial, 20 and 50 mL; found within half a minute."""
    for product, minutes in ((VIAL, 11.6), (BAG_20, 8.4), (BAG_50, 11.6)):
        good = curves.good_points(points(LIN, product))
        begun = curves.nucleation(good, rise=Kelvin(2.0), within=Seconds(60.0))
        assert begun is not None
        passed = curves.crossing(good, Celsius(-10.0), start=begun.index)
        assert passed is not None
        assert float(passed - begun.at) / 60.0 == pytest.approx(minutes, abs=0.6)


def test_nucleation_is_the_coldest_point_before_the_rise() -> None:
    """The bag nucleates where the model was told, the plateau lies just below the freezing point."""
    judged = judge(points(COMP, BAG_50, nucleates=-9.0), CRITERIA)
    assert judged.nucleation is not None
    assert judged.plateau is not None
    assert float(judged.nucleation.temperature) == pytest.approx(-9.0, abs=0.6)
    assert float(judged.plateau.maximum) == pytest.approx(-3.9, abs=0.3)


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({"nucleation_lowest": Celsius(-7.0)}, "nucleation"),
        ({"nucleation_highest": Celsius(-8.0)}, "nucleation"),
        ({"plateau_longest": Seconds(30.0)}, "plateau"),
        ({"fastest": KelvinPerMinute(1.0)}, "cooling rate"),
        ({"slowest": KelvinPerMinute(1.5)}, "cooling rate"),
        ({"end_highest": Celsius(-100.0)}, "end temperature"),
    ],
)
def test_each_limit_can_fail_alone(change: dict[str, Celsius], failed: str) -> None:
    """A criterion that can't fail is none."""
    judged = judge(points(COMP, BAG_50), replace(CRITERIA, **change))  # type: ignore[arg-type]  # one field at a time
    assert judged.verdict is Verdict.FAIL
    assert verdicts(judged) == {failed: Verdict.FAIL}


@pytest.mark.requirement("F018", "F048", refuses=True)
@pytest.mark.parametrize("since", [0.0, 1000.0, 1450.0, 1700.0, 2300.0, 3000.0])
@pytest.mark.parametrize("product", [BAG_20, BAG_50])
def test_a_probe_that_fell_out_is_not_evaluable_and_never_a_pass(
    product: tuple[float, float, float], since: float
) -> None:
    """Before, in and after the plateau: every number of such a curve is in doubt."""
    judged = judge(out_of_product(points(COMP, product), since=since), CRITERIA)
    assert judged.verdict is Verdict.NOT_EVALUABLE
    assert "probe in product" in verdicts(judged)


def test_a_slow_probe_in_the_chamber_is_not_taken_for_product() -> None:
    """A probe in air follows the chamber with a lag of 20 s and without plateau."""
    air, curve = 4.0, []
    for point in points(COMP, BAG_50, every=1):
        air += (float(point.chamber or 0.0) - air) / 20.0
        curve.append(replace(point, sample=Celsius(air)))
    assert judge(curve[::5], CRITERIA).verdict is Verdict.NOT_EVALUABLE


@pytest.mark.requirement("F018", refuses=True)
def test_a_product_that_did_not_nucleate_fails() -> None:
    """It lags behind the chamber, so the probe was in place; there was no ice."""
    judged = judge(points(COMP, BAG_50, nucleates=-300.0), CRITERIA)
    assert (judged.verdict, judged.nucleation) == (Verdict.FAIL, None)
    assert verdicts(judged)["nucleation"] is Verdict.FAIL


def test_deep_supercooling_fails_by_its_temperature() -> None:
    """Ice at -15 degC harms cells, however fine the rest looks."""
    judged = judge(points(COMP, BAG_50, nucleates=-15.0), CRITERIA)
    assert verdicts(judged)["nucleation"] is Verdict.FAIL


SPOILED: dict[str, tuple[str, Callable[[list[Point]], list[Point]]]] = {
    "a sensor fault": ("sensor", lambda curve: [*curve[:50], replace(curve[50], sample=None), *curve[51:]]),
    "a gap": ("gaps", lambda curve: [*curve[:400], *curve[420:]]),
    "a lost end": ("gaps", lambda curve: [replace(p, sample=None) if n > 700 else p for n, p in enumerate(curve)]),
}


@pytest.mark.parametrize("what", SPOILED)
def test_faults_and_gaps_make_a_good_run_not_evaluable(what: str) -> None:
    """What was not seen can't be accepted."""
    name, spoil = SPOILED[what]
    judged = judge(spoil(points(COMP, BAG_50)), CRITERIA)
    assert judged.verdict is Verdict.NOT_EVALUABLE
    assert verdicts(judged)[name] is Verdict.NOT_EVALUABLE


def test_what_surely_failed_has_failed_even_beside_a_gap() -> None:
    """A gap does not excuse a nucleation out of its window."""
    curve = points(COMP, BAG_50, nucleates=-14.0)
    assert judge([*curve[:600], *curve[620:]], CRITERIA).verdict is Verdict.FAIL


def test_an_empty_curve_is_not_evaluable() -> None:
    """Nothing seen is nothing accepted."""
    assert judge([], CRITERIA).verdict is Verdict.NOT_EVALUABLE
    blind = [replace(point, sample=None) for point in points(COMP, BAG_20)]
    assert judge(blind, CRITERIA).verdict is Verdict.NOT_EVALUABLE


def test_a_logger_without_chamber_channel_can_pass_by_its_plateau() -> None:
    """The plateau shows that the probe was in the product."""
    curve = [replace(point, chamber=None) for point in points(COMP, BAG_50)]
    assert judge(curve, CRITERIA).verdict is Verdict.PASS


def test_readings_after_the_end_do_not_count() -> None:
    """A logger that goes on while the bag is taken out shows warming that is not the run's."""
    curve = points(COMP, BAG_50)
    warm = [Point(curve[-1].at + Seconds(60.0), Celsius(20.0), Celsius(-30.0))]
    assert judge(curve + warm, CRITERIA).verdict is Verdict.FAIL
    assert judge(curve + warm, CRITERIA, ended=curve[-1].at).verdict is Verdict.PASS


def test_each_criterion_says_what_was_found_and_what_is_allowed() -> None:
    """The sentences stand in the record as they are."""
    judged = judge(points(COMP, BAG_50), CRITERIA)
    named = {one.name: one for one in judged.criteria}
    assert (
        named["cooling rate"].sentence
        == "mean cooling from -10 to -40 degC: 1.3 K/min meets >= 0.5 K/min and <= 2.0 K/min"
    )
    assert named["end temperature"].limit == "<= -80.0 degC"
    assert len(named) == len(judged.criteria) == 7


def test_limits_that_nothing_can_meet_are_refused() -> None:
    """The nucleation window has to be open."""
    with pytest.raises(InputError, match="nucleation_lowest"):
        replace(CRITERIA, nucleation_lowest=Celsius(-4.0))


def test_time_that_runs_back_is_refused() -> None:
    """A curve has one order."""
    curve = points(COMP, BAG_20)
    with pytest.raises(InputError, match="has to increase"):
        judge([curve[1], curve[0]], CRITERIA)


@given(st.integers(1, 30), st.sampled_from([VIAL, BAG_20, BAG_50]), st.floats(-11.0, -6.0))
@settings(derandomize=True, max_examples=20, deadline=None)
def test_the_verdict_does_not_hang_on_how_often_one_reads(
    every: int, product: tuple[float, float, float], nucleates: float
) -> None:
    """Any spacing up to half a minute gives the same verdict on the same run."""
    judged = judge(points(COMP, product, nucleates=nucleates, every=every), CRITERIA)
    assert judged.verdict is Verdict.PASS, [one.sentence for one in judged.exceptions]


@given(st.lists(st.tuples(st.floats(-200, 40) | st.none(), st.floats(-200, 40) | st.none()), max_size=40))
@settings(derandomize=True)
def test_no_shape_of_curve_breaks_the_judgement(values: list[tuple[float | None, float | None]]) -> None:
    """Any curve has a verdict, and noise is never a pass."""
    curve = [
        Point(
            Seconds(30.0 * place),
            None if chamber is None else Celsius(chamber),
            None if sample is None else Celsius(sample),
        )
        for place, (chamber, sample) in enumerate(values)
    ]
    assert judge(curve, CRITERIA).verdict in {Verdict.FAIL, Verdict.NOT_EVALUABLE}
