"""Numbers of runs against published ones, and against what they are to reach."""

import pytest

from automation.formulas import runs
from automation.formulas.distributions import rate
from automation.formulas.equivalence import tost
from automation.formulas.tolerance import factor
from automation.kernel import ids
from automation.kernel.errors import InputError
from automation.kernel.quantity import Percent

pytestmark = pytest.mark.requirement("F094")


@pytest.mark.parametrize(
    ("confidence", "share", "number"),
    [(95, 95, 59), (95, 90, 29), (90, 90, 22), (95, 80, 14), (90, 80, 11), (95, 99, 299)],
)
def test_runs_without_failure_are_those_of_the_tables(confidence: float, share: float, number: int) -> None:
    """ln(1 - C) / ln(R), rounded up; 95/95 is the 59 of the nonparametric tolerance limit, too."""
    assert runs.runs_without_failure(confidence=Percent(confidence), share=Percent(share)) == number
    assert runs.runs_with_failures(failures=0, confidence=Percent(confidence), share=Percent(share)) == number


@pytest.mark.parametrize(("failures", "number"), [(1, 93), (2, 124)])
def test_runs_with_failures_are_those_of_the_tables(failures: int, number: int) -> None:
    """95/95 with one and two failures: 93 (also the two-sided nonparametric limit) and 124."""
    found = runs.runs_with_failures(failures=failures, confidence=Percent(95), share=Percent(95))
    assert found == number
    one_sided = rate(failures, found, confidence=0.90)  # 5 % on either side
    assert one_sided.high <= 0.05


def test_no_event_in_so_many_batches_is_the_rule_of_three() -> None:
    """95 %: 3 / n, as far as 3 is 2.996."""
    assert runs.runs_without_event(confidence=Percent(95), rate=0.1) == 30
    assert runs.runs_without_event(confidence=Percent(95), rate=0.03) == 100


def test_as_many_batches_as_bring_the_tolerance_interval_within_the_limits() -> None:
    """At ten the factor of 95/95 is 3.38: a margin of that many standard deviations takes ten, a little less eleven."""
    wanted = {"confidence": Percent(95), "share": Percent(95)}
    assert factor(10) == pytest.approx(3.38, abs=0.01)
    assert runs.runs_for_tolerance(sd=1.0, margin=factor(10), **wanted) == 10
    assert runs.runs_for_tolerance(sd=2.0, margin=2.0 * factor(10) - 0.01, **wanted) == 11


def test_a_published_number_for_equivalence_is_met_with_t_in_the_place_of_z() -> None:
    """Chow, Shao, Wang: sd 0.10, margin 0.05, difference 0.01, 80 %: 107 by z; t asks for one more at most."""
    found = runs.runs_for_equivalence(sd=0.10, margin=0.05, off=0.01, power=Percent(80))
    assert 107 <= found <= 108


def test_so_many_batches_show_equivalence_as_often_as_promised() -> None:
    """200 simulated transfers of equal sites: at least 80 % of them are found equivalent."""
    number = runs.runs_for_equivalence(sd=2.0, margin=4.0, off=0.0, power=Percent(80))
    shown = 0
    for trial in range(200):
        values = [2.0 * ids.normal(7, "transfer", str(trial), str(at)) for at in range(2 * number)]
        shown += tost(values[:number], values[number:], margin=4.0).equivalent
    assert 160 <= shown < 200


@pytest.mark.requirement("F094", refuses=True)
def test_a_number_that_does_not_exist_is_refused() -> None:
    """Scatter that never fits, a margin below the difference, a confidence of 100 %."""
    with pytest.raises(InputError, match="however many"):
        runs.runs_for_tolerance(sd=1.0, margin=1.9, confidence=Percent(95), share=Percent(95))
    with pytest.raises(InputError, match="margin has to be the largest"):
        runs.runs_for_equivalence(sd=1.0, margin=1.0, off=1.0, power=Percent(80))
    with pytest.raises(InputError, match="below 100"):
        runs.runs_without_failure(confidence=Percent(100), share=Percent(95))
    with pytest.raises(InputError, match="failures is -1"):
        runs.runs_with_failures(failures=-1, confidence=Percent(95), share=Percent(95))
