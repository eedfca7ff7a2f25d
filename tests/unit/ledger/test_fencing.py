"""Fencing: a site has one owner, and one that was taken over appends nothing, whenever it wakes up."""

from pathlib import Path

import pytest

from automation.kernel.errors import DamagedError, RefusedError
from automation.ledger.anchor import Anchor
from automation.ledger.event import Mode
from automation.ledger.lease import Lease, mark, owner
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from automation.ledger.verify import verify
from tests.unit.ledger.ledgers import KEY, START, draft, filled, make


def test_a_takeover_of_a_site_that_nobody_owns_is_an_ordinary_opening(tmp_path: Path) -> None:
    """No epoch is taken before something is appended."""
    with Ledger.open(filled(tmp_path), key=KEY, take_over_at=START + 100) as ledger:
        assert ledger.last.seq == 13


@pytest.mark.requirement("C01.2", refuses=True)
@pytest.mark.parametrize("mode", list(Mode))
def test_every_append_of_an_owner_that_was_taken_over_is_refused(tmp_path: Path, mode: Mode) -> None:
    """At once, also in a ledger that would not commit yet."""
    former = make(tmp_path, mode=mode)
    former.append([draft(n=0)], at=START)
    former.flush()
    with Ledger.open(tmp_path, key=KEY, take_over_at=START) as ledger:
        for _ in range(2):
            with pytest.raises(RefusedError, match="taken the site over"):
                former.append([draft(n=1)], at=START)
        assert ledger.append([draft(n=2)], at=START)[0].seq == 4
    with pytest.raises(RefusedError, match="appends nothing"):
        former.close()
    assert verify(tmp_path).intact


def test_what_waited_in_a_frozen_owner_is_refused_when_it_is_committed(tmp_path: Path) -> None:
    """It was appended and told to nobody; the number belongs to another event by now."""
    former = make(tmp_path)
    former.append([draft(n=0)], at=START)
    with Ledger.open(tmp_path, key=KEY, take_over_at=START) as ledger:
        with pytest.raises(RefusedError, match="stale"):
            former.flush()
        assert [event.kind for event in ledger.events()] == ["genesis", "epoch taken"]
    with pytest.raises(RefusedError):
        former.close()


def test_an_owner_that_was_taken_over_seals_nothing(tmp_path: Path) -> None:
    """Its head would be whole and in its place, and the next one of the new owner would not follow it."""
    former = make(tmp_path)
    former.append([draft(n=0)], at=START)
    former.flush()
    with Ledger.open(tmp_path, key=KEY, take_over_at=START), pytest.raises(RefusedError, match="stale"):
        former.seal()
    with pytest.raises(RefusedError):
        former.close()
    assert verify(tmp_path).anchored_to == 3


def test_a_head_that_a_frozen_owner_still_had_to_anchor_is_anchored_once(tmp_path: Path) -> None:
    """It slept between commit and heads.log; the new owner has written the line meanwhile."""
    filled(tmp_path)
    log = tmp_path / "heads.log"
    whole = log.read_bytes()
    with Reader(tmp_path) as reader:
        head = reader.heads()[-1]
    log.write_bytes(whole.removesuffix(head.line))
    with Ledger.open(tmp_path, key=KEY):
        Anchor(log, live=False).add([head])
    assert log.read_bytes() == whole
    assert verify(tmp_path).intact


def test_an_owner_whose_lock_was_taken_away_appends_nothing(tmp_path: Path) -> None:
    """Somebody has removed the file, so another may own the site by now."""
    ledger = make(tmp_path)
    (tmp_path / "ledger.lock").unlink()
    with pytest.raises(RefusedError, match="taken the site over"):
        ledger.append([draft()], at=START)
    ledger.close()


def test_two_who_take_over_are_one_owner_in_the_end(tmp_path: Path) -> None:
    """The later one's epoch stands; the earlier one is stale like the first."""
    first = make(tmp_path)
    second = Ledger.open(tmp_path, key=KEY, take_over_at=START)
    with Ledger.open(tmp_path, key=KEY, take_over_at=START) as third:
        for stale in (first, second):
            with pytest.raises(RefusedError):
                stale.append([draft()], at=START)
        assert third.epoch == 3
    for stale in (first, second):
        with pytest.raises(RefusedError):
            stale.close()
    assert verify(tmp_path).intact


def test_the_mark_says_what_was_acknowledged(tmp_path: Path) -> None:
    """It stands in the lock file, survives its owner, and is no lock."""
    with make(tmp_path, mode=Mode.LIVE) as ledger:
        last = ledger.append([draft()], at=START)[0]
        ledger.flush()
        assert mark(tmp_path) == (last.seq, last.hash)
    assert (owner(tmp_path), mark(tmp_path)) == (None, (last.seq, last.hash))


def test_a_lock_file_that_cannot_be_read_holds_no_mark(tmp_path: Path) -> None:
    """An older release wrote the process alone; nothing is made up."""
    filled(tmp_path)
    (tmp_path / "ledger.lock").write_text("123\n")
    assert mark(tmp_path) is None
    Ledger.open(tmp_path, key=KEY).close()


def test_a_ledger_that_ends_before_its_mark_is_not_opened(tmp_path: Path) -> None:
    """Somebody was told of an event that is not there, though nothing else in the folder knows of it."""
    older = (filled(tmp_path) / "ledger.sqlite").read_bytes()
    log = (tmp_path / "heads.log").read_bytes()
    with Ledger.open(tmp_path, key=KEY) as ledger:
        ledger.append([draft()], at=START + 100)
    (tmp_path / "ledger.sqlite").write_bytes(older)
    (tmp_path / "heads.log").write_bytes(log)
    with pytest.raises(DamagedError, match="event 14 to 15 were acknowledged and are gone"):
        Ledger.open(tmp_path, key=KEY)


def test_a_lock_is_given_up_with_its_process(tmp_path: Path) -> None:
    """However it ends; the number in the file is no lock."""
    Lease(tmp_path).release()
    assert owner(tmp_path) is None
    Lease(tmp_path).release()


def _forged(folder: Path, epoch: int) -> Path:
    """Give a ledger whose third event is whole and signed, and of another epoch."""
    with make(folder) as ledger:
        ledger.append([draft()], at=START)
        ledger._epoch = epoch  # noqa: SLF001  as an owner whose fence has failed
        ledger.append([draft()], at=START)
    return folder


@pytest.mark.parametrize("epoch", [0, 2, 7])
def test_an_event_of_an_owner_whose_turn_it_was_not_is_named(tmp_path: Path, epoch: int) -> None:
    """Whole, signed and in its place; only its epoch tells that two owners have written."""
    verdict = verify(_forged(tmp_path, epoch))
    assert verdict.first_bad is not None
    assert (verdict.first_bad.seq, f"epoch {epoch}" in verdict.first_bad.what) == (3, True)
