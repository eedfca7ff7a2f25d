"""Control charts and their rules beside published tables and examples."""

import math
from itertools import pairwise

import numpy as np
import pytest

from automation.formulas import spc
from automation.formulas.spc_rules import NELSON, WESTERN_ELECTRIC, Signal, broken, signals
from automation.kernel.errors import InputError

pytestmark = pytest.mark.requirement("F137")

# Montgomery, Introduction to Statistical Quality Control, appendix VI: n, A2, D3, D4, d2, d3
PUBLISHED = (
    (2, 1.880, 0.0, 3.267, 1.128, 0.853),
    (3, 1.023, 0.0, 2.574, 1.693, 0.888),
    (4, 0.729, 0.0, 2.282, 2.059, 0.880),
    (5, 0.577, 0.0, 2.114, 2.326, 0.864),
    (6, 0.483, 0.0, 2.004, 2.534, 0.848),
    (7, 0.419, 0.076, 1.924, 2.704, 0.833),
    (8, 0.373, 0.136, 1.864, 2.847, 0.820),
    (9, 0.337, 0.184, 1.816, 2.970, 0.808),
    (10, 0.308, 0.223, 1.777, 3.078, 0.797),
    (15, 0.223, 0.347, 1.653, 3.472, 0.756),
    (20, 0.180, 0.415, 1.585, 3.735, 0.729),
    (25, 0.153, 0.459, 1.541, 3.931, 0.708),
)
# NIST/SEMATECH e-Handbook 6.3.2.2: flow rates of ten batches
FLOW = (49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1)
# as above, 6.3.3.2: defective chips of 50 on each of 30 wafers; 6.3.3.1: particles on each of 25 wafers
CHIPS = (12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6)
PARTICLES = (16, 14, 28, 16, 12, 20, 10, 12, 10, 17, 19, 17, 14, 16, 15, 13, 14, 16, 11, 20, 11, 19, 16, 31, 13)


@pytest.mark.requirement("F137.1")
@pytest.mark.parametrize("line", PUBLISHED, ids=lambda line: str(line[0]))
def test_the_constants_are_those_of_the_published_table(line: tuple[float, ...]) -> None:
    """To the last digit printed; D4 of some sizes is printed from rounded d2 and d3, one off in the third place."""
    number, a2, d3_low, d4_high, d2, d3 = line
    found = spc.constants(int(number))
    assert (round(found.d2, 3), round(found.a2, 3)) == (d2, a2)
    assert (found.d3, found.low, found.high) == pytest.approx((d3, d3_low, d4_high), abs=1.1e-3)


def test_the_constants_are_the_mean_and_scatter_of_the_range_of_normal_values() -> None:
    """Integrated anew for every size, to the five decimals that are kept: no slip of a digit stands in the table."""
    at, weight = np.polynomial.legendre.leggauss(100)
    below = np.vectorize(lambda one: 0.5 * math.erfc(-one / math.sqrt(2.0)))
    low = 8.0 * at[:, None]
    wide = (8.0 - low) / 2.0
    under, over = below(low), below(low + wide * (1.0 + at[None, :]))
    area = 8.0 * weight[:, None] * wide * weight[None, :]
    for number in range(2, 26):
        mean = float(np.sum(8.0 * weight[:, None] * (1.0 - under**number - (1.0 - under) ** number)))
        inside = 1.0 - over**number - (1.0 - under) ** number + (over - under) ** number
        scatter = math.sqrt(2.0 * float(np.sum(inside * area)) - mean**2)
        found = spc.constants(number)
        assert (found.d2, found.d3) == (round(mean, 5), round(scatter, 5)), number


def test_individuals_have_the_limits_of_the_handbooks_example() -> None:
    """Mean 50.81, mean moving range 1.8778, limits 45.8159 and 55.8041; ten points give trial limits."""
    chart, ranges = spc.i_mr(FLOW)
    assert (round(chart.centre, 2), round(ranges.centre, 4)) == (50.81, 1.8778)
    assert (chart.lower[0], chart.upper[0]) == pytest.approx((45.8159, 55.8041), abs=2e-3)
    assert ranges.upper[0] == pytest.approx(3.267 * ranges.centre, rel=2e-4)
    assert (ranges.lower[0], chart.is_trial, signals(chart)) == (0.0, True, ())


def test_limits_that_were_frozen_stay_when_more_points_come() -> None:
    """The first ten make the limits; the eleventh is judged by them and does not move them."""
    before, _ = spc.i_mr(FLOW)
    after, _ = spc.i_mr((*FLOW, 60.0), baseline=10)
    assert (after.centre, after.upper[0]) == (before.centre, before.upper[0])
    assert [(one.rule, one.last, one.side) for one in signals(after)] == [("N1", 10, "above")]


def test_subgroups_have_limits_by_their_mean_range() -> None:
    """Twelve subgroups of five: limits are A2 and D4 times the mean range."""
    groups = [[10.0 + (7 * group + 3 * one) % 5 for one in range(5)] for group in range(12)]
    means, ranges = spc.xbar_r([[*group[:4], group[4] + at % 3] for at, group in enumerate(groups)])
    assert means.upper[0] - means.centre == pytest.approx(0.577 * ranges.centre, rel=1e-3)
    assert ranges.upper[0] == pytest.approx(2.114 * ranges.centre, rel=1e-3)
    assert (means.kind, ranges.kind, ranges.lower[0]) == ("Xbar", "R", 0.0)


def test_shares_and_counts_have_the_limits_of_the_handbooks_examples() -> None:
    """Share 0.2313 with limits 0.0524 and 0.4102, wafers 15 and 23 above; count 16 with limits 4 and 28."""
    shares, counts = spc.p(CHIPS, [50] * 30), spc.c(PARTICLES)
    assert [round(one, 4) for one in (shares.centre, shares.lower[0], shares.upper[0])] == [0.2313, 0.0524, 0.4102]
    assert [one.last + 1 for one in signals(shares) if one.rule == "N1"] == [15, 23]
    assert (counts.centre, counts.lower[0], counts.upper[0]) == (16.0, 4.0, 28.0)
    assert [one.last + 1 for one in signals(counts) if one.rule == "N1"] == [24]


def test_counts_of_uneven_size_have_a_limit_for_each_point() -> None:
    """The larger the opportunity, the nearer its limits; none ever lies below 0."""
    chart = spc.u([2, 3, 4, 1, 2, 8, 3, 1], [1.0, 1.0, 2.0, 1.0, 1.0, 4.0, 1.0, 1.0])
    assert (chart.centre, chart.points[5]) == (2.0, 2.0)
    assert chart.upper[5] == pytest.approx(2.0 + 3.0 * math.sqrt(2.0 / 4.0))
    assert chart.upper[0] > chart.upper[2] > chart.upper[5]
    assert min(chart.lower) == 0.0


def test_what_lies_between_rare_events_has_the_limits_of_a_geometric_distribution() -> None:
    """Benneyan: the mean and three times the root of mean times mean and one."""
    chart = spc.g([12, 30, 8, 22, 40, 5, 18, 25])
    assert chart.centre == 20.0
    assert (chart.upper[0], chart.lower[0]) == pytest.approx((20.0 + 3.0 * math.sqrt(20.0 * 21.0), 0.0))


RUNS = {
    "N1": ([0.1, 3.01], 1, "above"),
    "N2": ([0.1, -0.1, 0.2, 0.3, 0.2, 0.4, 0.1, 0.5, 0.2, 0.3, 0.1], 10, "above"),
    "N3": ([0.5, -0.9, -0.6, -0.3, 0.0, 0.3, 0.6], 6, "above"),
    "N4": ([0.3 * (-1) ** at * (1 + at % 3) for at in range(14)], 13, "both"),
    "N5": ([0.1, -2.1, 0.4, -2.2], 3, "below"),
    "N6": ([1.1, 1.2, -0.5, 1.3, 1.4], 4, "above"),
    "N7": ([0.9, -0.2, 0.1, 0.1, -0.9, 0.3, 0.4, -0.1, -0.2, 0.5, 0.6, -0.4, 0.2, 0.1, -0.3], 14, "both"),
    "N8": ([1.2, 1.3, -1.2, -1.4, 1.1, 1.5, -1.1, 1.3], 7, "both"),
    "WE1": ([0.1, -3.01], 1, "below"),
    "WE2": ([2.1, 0.0, 2.1], 2, "above"),
    "WE3": ([-1.1, -1.2, 0.5, -1.3, -1.4], 4, "below"),
    "WE4": ([0.1] * 8, 7, "above"),
}


@pytest.mark.parametrize("rule", [*NELSON, *WESTERN_ELECTRIC], ids=lambda rule: rule.name)
def test_each_rule_signals_at_the_point_that_completes_it_and_not_one_before(rule: object) -> None:
    """Nelson (1984) figure 1 and the Western Electric Handbook: one pattern each; less by one point says nothing."""
    one = next(each for each in (*NELSON, *WESTERN_ELECTRIC) if each is rule)
    points, last, side = RUNS[one.name]
    assert broken(points, one) == (Signal(one.name, one.words, last + 1 - min(one.window, len(points)), last, side),)
    assert broken(points[:last], one) == ()


def test_signals_that_follow_one_another_are_told_as_one_and_a_point_may_break_several_rules() -> None:
    """Eleven on one side are one run of eleven; a point beyond three is also one of two beyond two."""
    assert [(one.first, one.last) for one in broken([0.5] * 11, NELSON[1])] == [(0, 10)]
    assert [rule.name for rule in NELSON if broken([2.5, 3.5], rule)] == ["N1", "N5"]


def test_ranges_and_rare_events_are_asked_the_first_rule_alone() -> None:
    """They are not normal, and neighbouring moving ranges share a value: a run of them is no signal."""
    _, ranges = spc.i_mr([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 5.0, 5.0, 5.0, 5.0])
    assert {one.rule for one in signals(ranges)} == {"N1"}
    assert all(after >= 0.0 for _, after in pairwise(ranges.lower))


@pytest.mark.requirement("F134", "F137.1", refuses=True)
@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: spc.i_mr([1.0, 2.0, 3.0]), "3 values.*at least 8"),
        (lambda: spc.i_mr([1.0] * 10), "does not vary"),
        (lambda: spc.i_mr(FLOW, baseline=11), "baseline 11"),
        (lambda: spc.xbar_r([[1.0, 2.0]] * 7 + [[1.0]]), "1, 2 values"),
        (lambda: spc.constants(26), "subgroup of 26"),
        (lambda: spc.p([0] * 10, [5] * 10), "0 of 50"),
        (lambda: spc.p([6] * 10, [5] * 10), "at most the number"),
        (lambda: spc.u([0] * 10, [1.0] * 10), r"nothing was ever counted.*\(g\)"),
        (lambda: spc.g([0] * 10), r"not rare.*\(p\)"),
        (lambda: spc.g([-1] * 10), "at least 0"),
    ],
)
def test_data_that_carry_no_chart_are_refused(made: object, why: str) -> None:
    """With what is missing, and what would do."""
    assert callable(made)
    with pytest.raises(InputError, match=why):
        made()
