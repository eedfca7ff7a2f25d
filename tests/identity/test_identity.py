"""The fixed part of the sequences: some of a fixed seed over all twenty patients, and what each slip is told.

``make identity`` lives through as many as are asked for, and ``python -m tests.storms.planting`` shows that they notice
a gate that is broken.
"""

from collections import Counter

import pytest

from tests.identity.__main__ import Lived, live
from tests.identity.effects import MISTAKES as EFFECTS
from tests.identity.mistakes import MISTAKES
from tests.identity.sequences import LEAST_RIGHT, RIGHT

SEED, SEQUENCES = 1, 80


@pytest.fixture(scope="module")
def lived() -> Lived:
    """Live through some sequences once, for all tests that look at them."""
    return live(range(SEQUENCES), seed=SEED)


@pytest.mark.requirement("F006", "F020.2", "F056")
@pytest.mark.requirement("F006", "F020.2", "F056", refuses=True)
def test_no_sequence_of_scans_touches_another_patient_and_nothing_right_is_refused(lived: Lived) -> None:
    """Whoever scans what at whichever question: what is wrong is refused and recorded, what is right is taken."""
    assert lived.broken == ()
    assert lived.tally.sequences == SEQUENCES
    assert lived.tally.touched > 0


def test_every_kind_of_mistake_is_made_and_a_third_of_every_sequence_is_right(lived: Lived) -> None:
    """What was never tried proves nothing, nor does what never gets on."""
    kinds = Counter[str]()
    for (_, _, kind), times in lived.tally.cells.items():
        kinds[kind] += times
    assert [kind for kind in (RIGHT, *MISTAKES, *EFFECTS) if not kinds[kind]] == []
    assert lived.tally.least >= LEAST_RIGHT
