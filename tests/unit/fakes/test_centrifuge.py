"""The centrifuge in a person's hands: what is lost where, and that nothing else is; units mL, g, min."""

import pytest

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant
from fakes.centrifuge import Centrifuge
from fakes.world import World
from tests.support.washers import BUFFER, PRODUCT, SOURCE, START, furnished

pytestmark = pytest.mark.requirement("F016", "F024", "F026")


def washed(*, seed: int = 1, minutes: float = 10.0) -> tuple[World, Centrifuge]:
    """Wash a harvest once by hand, at 400 g."""
    world = furnished(seed)
    spin, hands = Centrifuge(world, "bench"), iter(range(1, 20))

    def hand(action: str, **details: object) -> None:
        spin.hand(action, details, Instant(float(START) + 60.0 * next(hands)))

    hand("transfer", source=SOURCE.id)
    hand("spin", force=400.0, minutes=minutes)
    hand("take off", left=10.0)
    hand("add", buffer=BUFFER.id, volume=100.0)
    hand("spin", force=400.0, minutes=minutes)
    hand("take off", left=10.0)
    hand("add", buffer=BUFFER.id, **{"up to": 30.0})
    hand("collect", product=PRODUCT.id)
    return world, spin


@pytest.mark.parametrize("seed", range(1, 11))
def test_a_wash_by_hand_closes_its_balance_and_recovers_as_usual(seed: int) -> None:
    """Three losses of about 3 % each; the old medium is diluted (10 / 110) and once more by making up."""
    world, _ = washed(seed=seed)
    before, after = furnished(seed).total(), world.total()
    assert float(after.volume) == pytest.approx(float(before.volume), rel=1e-9)
    assert float(after.mass) == pytest.approx(float(before.mass), rel=1e-9)
    assert float(after.cells) == pytest.approx(float(before.cells), rel=1e-9)
    product = world.container(PRODUCT.id).contents
    assert 0.80 < float(product.live) / 9.0e8 < 0.97
    assert product.dmso == pytest.approx(0.02 * (10 / 110) * (10 / 30), rel=1e-6)
    assert product.viability > 0.905


def test_cells_that_were_not_spun_down_are_taken_off_with_the_supernatant() -> None:
    """Six seconds are no spin."""
    careless = float(washed(minutes=0.1)[0].container(PRODUCT.id).contents.live)
    assert careless < 0.2 * float(washed()[0].container(PRODUCT.id).contents.live)


def test_what_the_person_reads_off_is_near_the_truth() -> None:
    """Within 2.5 % of what was collected, and never exactly it."""
    world, spin = washed()
    assert spin.read == pytest.approx(float(world.container(PRODUCT.id).contents.volume), rel=0.025)


@pytest.mark.parametrize(
    ("action", "details"),
    [
        ("spin", {"force": 5000.0, "minutes": 1.0}),
        ("take off", {"left": 10.0}),
        ("collect", {"product": PRODUCT.id}),
        ("juggle", {}),
    ],
)
def test_what_hands_can_not_do_is_refused(action: str, details: dict[str, object]) -> None:
    """Too fast for the rotor, nothing in it, or no such hand."""
    with pytest.raises(FailedError):
        Centrifuge(furnished(), "bench").hand(action, details, START)


def test_without_power_nothing_spins() -> None:
    """The rotor stands still until the power is back."""
    spin = Centrifuge(furnished(), "bench")
    spin.hand("transfer", {"source": SOURCE.id}, START)
    spin.hand("power", {"on": False}, START)
    with pytest.raises(FailedError, match="does not spin"):
        spin.hand("spin", {"force": 400.0, "minutes": 10.0}, START)
