"""Limits: decimals as entered, half-up, then compared; bands from good to bad; below LOQ by rule."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.formulas.limits import Band, BelowLoq, Limits, Operator, convert, decimal, judge, parse, rounded
from automation.kernel.errors import InputError

TIGHT = Limits(alert=parse("at least 80.0 %"), reject=parse("at least 70.0 %"))


@pytest.mark.parametrize(
    ("raw", "decimals", "shown"),
    [
        ("96.45", 1, "96.5"),
        ("96.44", 1, "96.4"),
        ("-0.05", 1, "-0.1"),
        ("-0.04", 1, "0.0"),
        ("2.5", 0, "3"),
        ("0.125", 2, "0.13"),
        ("1250000", -5, "1.3E+6"),
    ],
)
def test_values_round_half_up_to_the_decimals_of_the_limit(raw: str, decimals: int, shown: str) -> None:
    """A 5 goes away from zero, as one rounds by hand (USP General Notices 7.20)."""
    assert str(rounded(Decimal(raw), decimals)) == shown


@pytest.mark.requirement("F034")
@pytest.mark.parametrize(
    ("raw", "band"),
    [
        ("80.0", Band.WITHIN),
        ("79.95", Band.WITHIN),
        ("79.94", Band.ALERT),
        ("69.95", Band.ALERT),
        ("69.94", Band.REJECT),
    ],
)
def test_a_result_is_rounded_first_and_compared_then(raw: str, band: Band) -> None:
    """79.95 % is reported as 80.0 % and meets a limit of 80.0 %."""
    assert judge(raw, "%", TIGHT, what="viability").band is band


def test_raw_and_reported_value_are_both_kept() -> None:
    """The record shows what was measured and what was compared."""
    judged = judge("79.94", "%", TIGHT, what="viability")
    assert (str(judged.raw), str(judged.reported)) == ("79.94", "79.9")
    assert judged.sentence == "viability: 79.9 % is beyond the alert limit >= 80.0 %"


def test_a_float_is_judged_as_the_decimal_that_it_shows() -> None:
    """0.85 is 0.85 and not 0.84999...; binary fractions decide nothing."""
    assert judge(0.85, "%", Limits(reject=parse("at least 0.9 %")), what="x").band is Band.WITHIN


def test_no_value_is_never_a_pass() -> None:
    """What was not measured is not evaluable."""
    assert judge(None, "%", TIGHT, what="viability").band is Band.NOT_EVALUABLE


@pytest.mark.parametrize(
    ("rule", "band"),
    [
        (BelowLoq.PASS, Band.WITHIN),
        (BelowLoq.FAIL, Band.REJECT),
        (BelowLoq.NOT_EVALUABLE, Band.NOT_EVALUABLE),
    ],
)
def test_below_the_limit_of_quantitation_follows_the_rule_of_the_user(rule: BelowLoq, band: Band) -> None:
    """It is never taken for zero."""
    limits = Limits(reject=parse("at most 5 %"), below_loq=rule)
    assert judge("0.2", "%", limits, what="residue", loq=Decimal("0.5")).band is band


def test_a_result_in_seconds_meets_a_limit_in_minutes() -> None:
    """The value is brought to the unit of the limit, where it is rounded."""
    judged = judge(3629.0, "s", Limits(reject=parse("at most 60 min")), what="exposure")
    assert (judged.band, str(judged.reported), judged.unit) == (Band.WITHIN, "60", "min")


def test_units_of_another_kind_are_refused() -> None:
    """Minutes are no millilitres."""
    with pytest.raises(InputError, match="unit of the same kind"):
        convert(Decimal(1), given="s", wanted="mL")


@pytest.mark.parametrize(
    ("text", "operators"),
    [
        ("at least 70.0 %", [Operator.AT_LEAST]),
        ("<= -80 degC", [Operator.AT_MOST]),
        ("between -12.0 and -5.0 degC", [Operator.AT_LEAST, Operator.AT_MOST]),
        ("above 1.0e6 cells/mL", [Operator.ABOVE]),
    ],
)
def test_limits_are_written_in_words_or_signs(text: str, operators: list[Operator]) -> None:
    """Words need no quotes in YAML."""
    assert [limit.operator for limit in parse(text)] == operators


@pytest.mark.parametrize(
    "text",
    [
        "70 %",
        "at least 70",
        "at least 7,0 %",
        "between 5 and 1 %",
        "at least nan %",
        "at least 1.2.3 %",
        "at least 1 %%",
    ],
)
def test_a_limit_that_is_not_clear_is_refused(text: str) -> None:
    """No operator, no unit, a decimal comma, ends turned round, no number."""
    with pytest.raises(InputError):
        parse(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1,5", "1e9999", "9" * 80])
def test_no_number_and_no_end_are_refused(value: float | str) -> None:
    """NaN, infinities, commas and absurd sizes never reach a comparison."""
    with pytest.raises(InputError):
        decimal(value)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-1000000, max_value=1000000),
    st.integers(0, 5),
)
@settings(derandomize=True)
def test_rounding_moves_by_at_most_half_a_digit_and_is_stable(value: Decimal, decimals: int) -> None:
    """Rounding twice is rounding once, and agrees with the library's own half-up."""
    once = rounded(value, decimals)
    assert abs(once - value) <= Decimal(5).scaleb(-decimals - 1)
    assert rounded(once, decimals) == once == value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


@given(st.text(max_size=30))
@settings(derandomize=True)
def test_any_text_is_a_limit_or_refused(text: str) -> None:
    """The reader of limits never breaks."""
    try:
        found = parse(text)
    except InputError:
        found = ()
    assert all(limit.value.is_finite() for limit in found)
