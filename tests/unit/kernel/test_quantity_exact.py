"""The few conversions that are done without the unit library agree with it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from automation.kernel import quantity, units
from automation.kernel.quantity import Grams, KelvinPerMinute, Microlitres, Millilitres, Seconds

PAIRS = [
    ("min", Seconds, "s"),
    ("h", Seconds, "s"),
    ("ms", Seconds, "s"),
    ("L", Millilitres, "mL"),
    ("uL", Millilitres, "mL"),
    ("mL", Microlitres, "uL"),
    ("mg", Grams, "g"),
    ("kg", Grams, "g"),
]


@given(st.sampled_from(PAIRS), st.floats(-1e9, 1e9).map(lambda value: float(f"{value:.9g}")))
@settings(derandomize=True, deadline=None)
def test_short_cuts_of_units_agree_with_the_unit_library(pair: tuple[str, object, str], value: float) -> None:
    """The same number to the twelfth digit, whichever way it is converted."""
    given_unit, kind, wanted = pair
    assert quantity.read(f"{value!r} {given_unit}", kind) == units.convert(value, given=given_unit, wanted=wanted)


def test_a_rate_in_degrees_per_minute_is_one_in_kelvin_per_minute() -> None:
    """A difference of one degree Celsius is one kelvin."""
    assert quantity.read("-1.5 degC/min", KelvinPerMinute) == -1.5
