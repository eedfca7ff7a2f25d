"""A ledger brought from one database into another: the same events and heads, as it stood at one moment."""

from pathlib import Path

import pytest

from automation.kernel.errors import InputError
from automation.ledger import file
from automation.ledger.event import Mode
from automation.ledger.file_place import File
from automation.ledger.moving import move
from automation.ledger.read import Reader
from automation.ledger.verify import verify
from tests.unit.ledger.ledgers import START, draft, filled, make


def _place(folder: Path) -> File:
    folder.mkdir(exist_ok=True)
    return File(folder / file.NAME)


@pytest.mark.parametrize("live", [False, True])
def test_a_ledger_that_was_moved_is_the_same(tmp_path: Path, *, live: bool) -> None:
    """Every event and head; it verifies as before, and there is no end of it that nobody signed."""
    before, after = _place(filled(tmp_path / "before")), _place(tmp_path / "after")
    move(before, after, live=live)
    with Reader(tmp_path / "before") as ours, Reader(tmp_path / "after") as moved:
        assert list(moved.events()) == list(ours.events())
        assert moved.heads() == ours.heads()
    verdict = verify(tmp_path / "after")
    assert (verdict.intact, verdict.events, verdict.signed_to) == (True, 13, 13)


def test_a_long_ledger_is_moved_in_pieces(tmp_path: Path) -> None:
    """None is left out and none comes twice, also where a piece ends with the ledger."""
    with make(tmp_path / "before") as ledger:
        for number in range(2):
            ledger.append([draft(n=n) for n in range(1_999 + number)], at=START)
        ledger.flush()
        move(_place(tmp_path / "before"), _place(tmp_path / "after"), live=False)
    with Reader(tmp_path / "after") as moved:
        assert [event.seq for event in moved.events()] == list(range(1, 4_001))


def test_a_ledger_is_not_moved_over_another(tmp_path: Path) -> None:
    """The one that is there stays as it is."""
    make(tmp_path / "after", mode=Mode.LIVE).close()
    with pytest.raises(InputError, match="there is a ledger already"):
        move(_place(filled(tmp_path / "before")), _place(tmp_path / "after"), live=False)
    assert verify(tmp_path / "after").events == 1
