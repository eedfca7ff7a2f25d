"""Secrets: in one file for the owner's eyes, hashed, and locked after five wrong attempts."""

from pathlib import Path

import pytest

from automation.gmp.secrets import LIVE, SIMULATED, WRONG_IN_A_ROW, Credentials
from automation.kernel.errors import DamagedError, InputError
from tests.support.doors import HandClock

SECRET = "correct horse battery"


def _made(folder: Path) -> Credentials:
    made = Credentials(folder, HandClock(), cost=SIMULATED)
    made.set("ada", SECRET)
    return made


@pytest.mark.requirement("F047")
def test_only_the_own_secret_is_right(tmp_path: Path) -> None:
    """Of an unknown person none is."""
    kept = _made(tmp_path)
    answers = [kept.check("ada", SECRET), kept.check("ada", "wrong"), kept.check("eve", SECRET)]
    assert answers == [True, False, False]


def test_the_file_is_the_owners_and_holds_no_secret(tmp_path: Path) -> None:
    """A hash with its salt, readable for nobody else."""
    _made(tmp_path)
    file = tmp_path / "credentials.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert SECRET not in file.read_text()
    assert "$argon2id$" in file.read_text()


def test_five_wrong_attempts_in_a_row_lock_also_after_a_restart(tmp_path: Path) -> None:
    """The right secret does not help then; unlocking does."""
    kept = _made(tmp_path)
    for _ in range(WRONG_IN_A_ROW):
        kept.check("ada", "wrong")
    again = Credentials(tmp_path, HandClock(), cost=SIMULATED)
    assert (again.locked("ada"), again.check("ada", SECRET)) == (True, False)
    again.unlock("ada")
    assert (again.locked("ada"), again.check("ada", SECRET)) == (False, True)


def test_a_right_attempt_forgets_the_wrong_ones(tmp_path: Path) -> None:
    """Only attempts in a row count."""
    kept = _made(tmp_path)
    for _ in range(3):
        for _ in range(WRONG_IN_A_ROW - 1):
            kept.check("ada", "wrong")
        assert kept.check("ada", SECRET)


def test_a_live_secret_is_not_short(tmp_path: Path) -> None:
    """And the message does not repeat it."""
    with pytest.raises(InputError, match="at least 8 characters") as error:
        Credentials(tmp_path, HandClock(), cost=LIVE).set("ada", "xyzzy12")
    assert "xyzzy12" not in str(error.value)


@pytest.mark.parametrize("text", ["{", '{"ada": 1}', '{"ada": {"hash": "plain"}}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    """Nobody is let in by a file that can't be read."""
    (tmp_path / "credentials.json").write_text(text)
    with pytest.raises(DamagedError, match=r"credentials\.json"):
        Credentials(tmp_path, HandClock(), cost=SIMULATED).check("ada", SECRET)


def test_nobody_unlocks_who_has_no_secret(tmp_path: Path) -> None:
    """A slip of the pen is named."""
    with pytest.raises(InputError, match="eve has no secret here"):
        _made(tmp_path).unlock("eve")
