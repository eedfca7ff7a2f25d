"""Every kind of tampering, on a part of the places; all of them: ``python -m tests.storms.tamper``."""

from collections import Counter
from pathlib import Path

import pytest

from tests.storms.tamper import Trial, Whole

EVERY = 211  # bits and lengths; prime, so that all columns and bits of a byte have their turn
WAYS = 27


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A small ledger that all is done to."""
    return Whole.make(tmp_path_factory.mktemp("tamper"))


def _tried(whole: Whole, place: Path, trials: list[Trial]) -> Counter[str]:
    return Counter(whole.tried(trial, place) for trial in trials)


@pytest.mark.requirement("F021", "F106.2", refuses=True)
def test_no_flipped_bit_and_no_cut_file_goes_unseen(tmp_path: Path, whole: Whole) -> None:
    """Each is named with its event; a shorter heads.log is said, as the heads themselves are whole."""
    trials = [trial for trial in whole.trials() if trial.kind.startswith("bit") or " cut" in trial.kind]
    found = _tried(whole, tmp_path / "copy", trials[::EVERY])
    assert set(found) == {"named", "said"}
    assert found["named"] > 200


@pytest.mark.requirement("F021", "F106.2", refuses=True)
def test_no_event_or_head_is_dropped_swapped_doubled_or_put_in_unseen(tmp_path: Path, whole: Whole) -> None:
    """At every second place; what whoever has the file, and not the key, can do with whole events."""
    trials = [trial for trial in whole.trials() if not trial.kind.startswith("bit") and not trial.kind.endswith(" cut")]
    found = _tried(whole, tmp_path / "copy", trials[::2])
    assert set(found) == {"named", "said"}


def test_the_trials_are_of_every_kind(whole: Whole) -> None:
    """Columns of both tables, the log, whole events and heads, ends."""
    kinds = {trial.kind for trial in whole.trials()}
    assert len(kinds) == WAYS
    assert sum(kind.startswith("bit of") for kind in kinds) == 11


def test_what_is_missed_is_told(tmp_path: Path, whole: Whole) -> None:
    """A trial that changes nothing, and should have been named, counts as missed: the table can fail."""
    idle = Trial("nothing", "nowhere", lambda _folder: None, range(1, 2))
    elsewhere = next(trial for trial in whole.trials() if trial.kind == "event dropped" and trial.where == "5")
    wrong = Trial(elsewhere.kind, elsewhere.where, elsewhere.do, range(7, 8))
    assert _tried(whole, tmp_path / "copy", [idle, wrong]) == {"MISSED": 1, "WRONG PLACE": 1}
