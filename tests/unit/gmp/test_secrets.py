"""Secrets: in one file for the owner's eyes, hashed, and locked after five wrong attempts."""

import asyncio
from pathlib import Path

import pytest

from automation.gmp.secrets import LIVE, SIMULATED, WRONG_IN_A_ROW, Cost, Credentials
from automation.kernel.clock import SystemClock
from automation.kernel.errors import DamagedError, InputError
from automation.kernel.quantity import Seconds
from tests.support.doors import HandClock

SECRET = "correct horse battery"


def _made(folder: Path) -> Credentials:
    made = Credentials(folder, HandClock(), cost=SIMULATED)
    made.set("ada", SECRET)
    return made


@pytest.mark.requirement("F047", "F047.2")
@pytest.mark.requirement("F047.2", refuses=True)
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


@pytest.mark.requirement("F047.4", refuses=True)
def test_five_wrong_attempts_in_a_row_lock_also_after_a_restart(tmp_path: Path) -> None:
    """The right secret does not help then; unlocking does."""
    kept = _made(tmp_path)
    for _ in range(WRONG_IN_A_ROW):
        kept.check("ada", "wrong")
    again = Credentials(tmp_path, HandClock(), cost=SIMULATED)
    assert (again.locked("ada"), again.check("ada", SECRET)) == (True, False)
    again.unlock("ada")
    assert (again.locked("ada"), again.check("ada", SECRET)) == (False, True)


@pytest.mark.requirement("F047.4")
def test_a_right_attempt_forgets_the_wrong_ones(tmp_path: Path) -> None:
    """Only attempts in a row count."""
    kept = _made(tmp_path)
    for _ in range(3):
        for _ in range(WRONG_IN_A_ROW - 1):
            kept.check("ada", "wrong")
        assert kept.check("ada", SECRET)


@pytest.mark.requirement("F047.4", refuses=True)
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


def test_a_loop_goes_on_while_secrets_are_compared(tmp_path: Path) -> None:
    """A comparison is made slow on purpose; a batch doesn't wait for it, and ``check`` then knows the outcome."""
    keeper = Credentials(tmp_path, SystemClock(), cost=Cost(passes=3, memory=16384, shortest=8))
    keeper.set("anna", "anna's own secret")
    beats: list[int] = []

    async def main() -> tuple[int, bool, bool]:
        async def beat() -> None:
            while True:
                beats.append(1)
                await asyncio.sleep(0)

        heart = asyncio.create_task(beat())
        async with keeper.compared([("anna", "anna's own secret"), ("anna", "guessed"), ("nobody", "guessed")]):
            seen = len(beats)
            found = keeper.check("anna", "anna's own secret"), keeper.check("anna", "guessed")
        heart.cancel()
        return seen, *found

    seen, right, wrong = asyncio.run(main())
    assert (seen > 3, right, wrong, keeper.check("anna", "anna's own secret")) == (True, True, False, True)


DAYS = 86_400.0  # s
STRICT = Cost(passes=1, memory=8, shortest=8, lasts=Seconds(180 * DAYS), remembers=2)


@pytest.mark.requirement("F047")
def test_a_secret_that_is_older_than_allowed_has_to_be_changed(tmp_path: Path) -> None:
    """It is still known, so that its owner can set another, from which the days count anew."""
    clock = HandClock()
    kept = Credentials(tmp_path, clock, cost=STRICT)
    kept.set("ada", SECRET)
    clock.go(180 * DAYS)
    said = [kept.stale("ada")]
    clock.go(1.0)
    said += [kept.stale("ada"), Credentials(tmp_path, clock, cost=STRICT).stale("ada")]
    kept.set("ada", "another one")
    assert [*said, kept.stale("ada")] == ["", *["it is older than 180 days"] * 2, ""]


@pytest.mark.requirement("F047")
@pytest.mark.requirement("F047.4", refuses=True)
def test_a_secret_comes_back_only_after_others(tmp_path: Path) -> None:
    """The present one and the one before are refused; one before those is free again; none is kept as itself."""
    kept = Credentials(tmp_path, HandClock(), cost=STRICT)
    for secret in ("the first one", "the second one", "the third one"):
        kept.set("ada", secret)
    for secret in ("the third one", "the second one"):
        with pytest.raises(InputError, match="one of the last 2"):
            asyncio.run(kept.check_unused("ada", secret))
    asyncio.run(kept.check_unused("ada", "the first one"))
    assert "one" not in (tmp_path / "credentials.json").read_text()


@pytest.mark.requirement("F047", "F047.4")
@pytest.mark.requirement("F047.4", refuses=True)
def test_a_secret_that_somebody_else_has_set_is_provisional_until_its_owner_sets_another(tmp_path: Path) -> None:
    """Wrong attempts in between change nothing of that."""
    kept = _made(tmp_path)
    kept.set("ada", "from the office", provisional=True)
    kept.check("ada", "wrong")
    before = kept.stale("ada")
    kept.set("ada", SECRET)
    assert (before, kept.stale("ada"), kept.stale("nobody")) == ("it was set by somebody else", "", "")
