"""A pump's portions are the same however often it is looked at; units mL, s."""

import pytest

from automation.kernel.ids import keyed
from automation.kernel.quantity import Instant, Seconds
from fakes.physics.flow import Flow

BEGAN = Instant(1000.0)
MINUTE = Seconds(60.0)


@pytest.mark.parametrize("seed", range(5))
def test_looking_often_changes_no_portion(seed: int) -> None:
    """At any moments in between: the same times and volumes, and the whole at the end."""
    once, often = Flow(0.5, BEGAN, MINUTE, 100.0), Flow(0.5, BEGAN, MINUTE, 100.0)
    draw = keyed(seed, "looks")
    looks = sorted(1000.0 + 260.0 * draw.random() for _ in range(12))
    portions = [one for at in (*looks, 1300.0) for one in often.portions(Instant(at))]
    assert portions == once.portions(Instant(1300.0))
    assert sum(volume for _, volume in portions) == pytest.approx(100.0)
    assert often.over(Instant(1300.0))
    assert portions[-1][0] == Instant(1200.0)


def test_a_flow_without_end_gives_whole_portions_until_it_is_stopped() -> None:
    """Then what has begun comes too."""
    flow = Flow(0.1, BEGAN, MINUTE)
    [(at, whole)] = flow.portions(Instant(1100.0))
    [(end, begun)] = flow.portions(Instant(1100.0), last=True)
    assert (at, end) == (Instant(1060.0), Instant(1100.0))
    assert [whole, begun] == pytest.approx([6.0, 4.0])
    assert not flow.over(Instant(1e9))
