"""Dangerous goods: which entry, which limits, by content, coolant and mode."""

from dataclasses import replace
from itertools import product

import pytest

from automation.formulas.dangerous_goods import Content, Coolant, Mode, Package, beyond, classify

AIR = Package(Content.CATEGORY_B, Coolant.DRY_ICE, Mode.PASSENGER_AIRCRAFT, 50.0, 200.0, 5.0)


@pytest.mark.requirement("F130", "F170")
@pytest.mark.parametrize(
    ("content", "coolant", "numbers"),
    [
        (Content.CATEGORY_B, Coolant.DRY_ICE, ["UN3373", "UN1845"]),
        (Content.APPROVED_GMO, Coolant.DRY_SHIPPER, ["A152"]),
        (Content.GMO, Coolant.DRY_SHIPPER, ["UN3245", "A152"]),
        (Content.CATEGORY_A, Coolant.LIQUID_NITROGEN, ["UN2814", "UN1977"]),
        (Content.NOT_REGULATED, Coolant.GEL_PACKS, []),
    ],
)
def test_content_and_coolant_have_their_entries(content: Content, coolant: Coolant, numbers: list[str]) -> None:
    """Each with a packing instruction, marks, papers and a clause."""
    duties = classify(replace(AIR, content=content, coolant=coolant))
    assert all(number in duty.entry for number, duty in zip(numbers, duties, strict=True))
    assert all(duty.instruction and duty.marks and duty.papers and duty.clause for duty in duties)


@pytest.mark.requirement("F130")
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"largest_ml": 1001.0}, "PI 650 allows 1000 mL"),
        ({"total_ml": 4001.0}, "PI 650 allows 4000 mL"),
        ({"ice_kg": 200.5}, "PI 954 allows 200 kg"),
        ({"ice_kg": 0.0}, "net mass of dry ice is not stated"),
        ({"content": Content.CATEGORY_A, "total_ml": 51.0}, "PI 620 allows 50 mL"),
        ({"coolant": Coolant.LIQUID_NITROGEN}, "charge a dry shipper"),
    ],
)
def test_a_package_beyond_its_limit_is_named(changed: dict[str, float], why: str) -> None:
    """At the limit it goes; a drop more, and it does not."""
    assert list(beyond(replace(AIR, largest_ml=1000.0, total_ml=4000.0, ice_kg=200.0))) == []
    assert [why in one for one in beyond(replace(AIR, **changed))] == [True]  # type: ignore[arg-type]  # one field each


@pytest.mark.requirement("F130")
def test_whoever_packs_what_has_a_un_number_needs_the_training_of_that_number() -> None:
    """Over all combinations; what is not restricted needs none."""
    for content, coolant, mode in product(Content, Coolant, Mode):
        for duty in classify(Package(content, coolant, mode)):
            number = duty.entry.split()[0]
            assert duty.training == (number if number.startswith("UN") else "")
