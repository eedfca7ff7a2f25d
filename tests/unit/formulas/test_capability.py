"""Capability, rates, association and equivalence beside published numbers."""

import math
import statistics

import pytest

from automation.formulas.association import fisher, holm, rank_sum, smallest
from automation.formulas.capability import anderson_darling, capability, nearest_limit, spread
from automation.formulas.distributions import beta_below, beta_quantile, rate, t_below, t_quantile
from automation.formulas.equivalence import tost
from automation.kernel import ids
from automation.kernel.errors import InputError

pytestmark = pytest.mark.requirement("F137")


def normal(number: int, *, seed: int = 2, mean: float = 16.0, scatter: float = 2.0) -> list[float]:
    """Give normal values that are in control."""
    return [mean + scatter * ids.normal(seed, "capability", at) for at in range(number)]


@pytest.mark.requirement("F137.1")
@pytest.mark.parametrize(("share", "free", "published"), [(0.95, 10, 1.812), (0.975, 5, 2.571), (0.995, 30, 2.750)])
def test_quantiles_of_t_are_those_of_the_tables(share: float, free: int, published: float) -> None:
    """NIST/SEMATECH e-Handbook 1.3.6.7.2."""
    assert t_quantile(share, free) == pytest.approx(published, abs=6e-4)
    assert t_below(-published, free) == pytest.approx(1.0 - share, abs=2e-4)


def test_the_incomplete_beta_function_is_that_of_binomial_sums() -> None:
    """NIST 7.2.4.1: of 4 in 20, 90 % limits 0.071354 and 0.401029; and the sum of the binomial itself."""
    found = rate(4, 20, confidence=0.90)
    assert (found.low, found.high) == pytest.approx((0.071354, 0.401029), abs=1e-6)
    tail = sum(math.comb(12, at) * 0.3**at * 0.7 ** (12 - at) for at in range(5, 13))
    assert beta_below(0.3, a=5, b=8) == pytest.approx(tail, rel=1e-12)
    assert beta_quantile(tail, a=5, b=8) == pytest.approx(0.3, rel=1e-9)


def test_none_of_ten_is_not_zero() -> None:
    """The exact 95 % interval of 0 in 10 goes to 30.8 % (Clopper and Pearson); 11 of 10 is refused."""
    assert (rate(0, 10).low, round(rate(0, 10).high, 4), rate(10, 10).high) == (0.0, 0.3085, 1.0)
    with pytest.raises(InputError, match="11 of 10"):
        rate(11, 10)


def test_the_interval_of_cp_is_that_of_the_textbooks_example() -> None:
    """Montgomery 8.3.4: 20 values, limits 38 and 62, s = 1.75: 2.29 between 1.57 and 3.01."""
    found = spread((62.0 - 38.0) / (6.0 * 1.75), free=19)
    assert (found.value, found.low, found.high) == pytest.approx((2.29, 1.57, 3.01), abs=6e-3)


def test_the_interval_of_cpk_is_bissells() -> None:
    """Cpk 1.33 of 50 values: +/- 1.96 sqrt(1/450 + 1.33^2/98)."""
    found = nearest_limit(1.33, number=50, free=49)
    assert found.high - 1.33 == pytest.approx(1.95996 * math.sqrt(1 / 450 + 1.33**2 / 98), rel=1e-5)


def test_the_indices_are_those_of_mean_scatter_and_limits() -> None:
    """NIST 6.1.6: limits 8 and 20, mean 16, s 2 give Cp 1 and Cpk 0.67; here with the scatter that was drawn."""
    values = normal(60)
    found = capability(values, lower=8.0, upper=20.0)
    mean, scatter = statistics.fmean(values), statistics.stdev(values)
    assert found.ppk.value == pytest.approx((20.0 - mean) / (3.0 * scatter))
    assert found.cpk.value == pytest.approx((20.0 - mean) / (3.0 * found.within))
    assert found.pp is not None
    assert found.cp is not None
    assert found.pp.value == pytest.approx(12.0 / (6.0 * scatter))
    assert found.cp.low < 1.0 < found.cp.high
    assert found.cpk.high - found.cpk.low > found.ppk.high - found.ppk.low


def test_one_limit_gives_no_cp() -> None:
    """A viability has a lower limit alone."""
    found = capability(normal(40), lower=8.0)
    assert (found.cp, found.pp, found.cpk.value > 1.0) == (None, None, True)


def shifted() -> list[float]:
    """Give values that step up in the middle."""
    return [*normal(20), *normal(20, seed=3, mean=21.0)]


@pytest.mark.requirement("F137.1", refuses=True)
@pytest.mark.parametrize(
    ("values", "lower", "upper", "why"),
    [
        (normal(24), 8.0, 20.0, "24 values carry no capability; 25"),
        (shifted(), 8.0, 20.0, "not in control"),
        ([16.0 + round(ids.normal(7, "coarse", at) * 0.4) for at in range(60)], 8.0, 20.0, "too coarse|not in control"),
        ([90.0 + at % 2 + (at % 5 == 0) for at in range(40)], 80.0, None, "too coarse"),
        (
            [16.0 + (math.exp(1.3 * ids.normal(7, "skew", at)) if at % 2 else 0.1 * at / 40) for at in range(40)],
            8.0,
            None,
            "not normal|not in control",
        ),
        (normal(40), None, None, "needs a lower limit"),
        (normal(40), 20.0, 8.0, "not below"),
    ],
)
def test_data_that_carry_no_capability_are_refused(
    values: list[float], lower: float | None, upper: float | None, why: str
) -> None:
    """Too few, not in control, too coarse, not normal, or no limits; each with its reason."""
    with pytest.raises(InputError, match=why):
        capability(values, lower=lower, upper=upper)


def test_the_test_of_normality_tells_a_normal_sample_from_an_exponential_one() -> None:
    """Quantiles of either, so that chance plays no part; 1.035 is exceeded by one normal sample in a hundred."""
    shares = [(at + 0.5) / 40 for at in range(40)]
    assert anderson_darling([statistics.NormalDist().inv_cdf(one) for one in shares]) < 0.1
    assert anderson_darling([-math.log(1.0 - one) for one in shares]) > 1.035


def test_fishers_test_gives_what_the_lady_tasting_tea_gave() -> None:
    """3 and 1 of 4 cups: 0.486; all right: 0.029, and no smaller one can come of four and four."""
    assert fisher(3, of_first=4, second=1, of_second=4) == pytest.approx(34 / 70)
    assert fisher(4, of_first=4, second=0, of_second=4) == pytest.approx(2 / 70)
    assert smallest(4, 4) == pytest.approx(1 / 70)


def test_ranks_have_the_probabilities_of_the_published_tables() -> None:
    """Groups of 4 and 6: a rank sum of 12 is significant at 5 % on two sides, one of 13 is not; ties share a rank."""
    assert rank_sum([1, 2, 3, 6], [4, 5, 7, 8, 9, 10]) == pytest.approx(8 / 210)
    assert rank_sum([1, 2, 3, 7], [4, 5, 6, 8, 9, 10]) == pytest.approx(14 / 210)
    assert rank_sum([1, 1], [1, 1, 1]) == 1.0
    assert rank_sum([1, 1], [2, 2]) == pytest.approx(2 / 6)


def test_many_ranks_go_by_the_normal_approximation_which_is_the_careful_one() -> None:
    """Of 13 and 12 values (z = 3.07): 0.0021, where counting every order gives 0.0012; ties alone give 1."""
    first, second = [float(at) for at in range(1, 14)], [at + 0.5 for at in range(7, 19)]
    assert rank_sum(first, second) == pytest.approx(0.00212, abs=1e-5)
    assert rank_sum(second, first) == rank_sum(first, second)
    assert rank_sum([1.0] * 13, [1.0] * 13) == 1.0


def test_many_questions_make_each_answer_less_sure() -> None:
    """Holm (1979): 0.005, 0.01, 0.03, 0.04 of four become 0.02, 0.03, 0.06, 0.06."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


@pytest.mark.requirement("F093", "C09.1")
def test_two_sites_are_equivalent_when_the_whole_interval_lies_within_the_margin() -> None:
    """Means 90 and 90.5, both s = 1 of five: 90 % interval 0.5 +/- 1.860 sqrt(2/5); within 2, not within 1."""
    first, second = [88.6, 89.6, 90.0, 90.4, 91.4], [89.1, 90.1, 90.5, 90.9, 91.9]
    scatter = statistics.stdev(first)
    found = tost(first, second, margin=2.0)
    assert (found.difference, found.free) == pytest.approx((0.5, 8.0))
    assert found.high == pytest.approx(0.5 + 1.860 * scatter * math.sqrt(2 / 5), abs=1e-3)
    assert found.equivalent
    assert not tost(first, second, margin=1.0).equivalent


@pytest.mark.requirement("F093", "C09.1", refuses=True)
@pytest.mark.parametrize(
    ("first", "second", "margin", "why"),
    [([1.0, 2.0], [1.0, 2.0, 3.0], 1.0, "groups of 2 and 3"), ([1.0] * 3, [1.0] * 3, 1.0, "does not vary"),
     ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 0.0, "margin is 0")],
)  # fmt: skip
def test_what_carries_no_test_of_equivalence_is_refused(
    first: list[float], second: list[float], margin: float, why: str
) -> None:
    """Too few values, none that differ, or a margin that was not declared."""
    with pytest.raises(InputError, match=why):
        tost(first, second, margin=margin)
