"""The log of heads: what stands in it, what a crash may have left, what is refused."""

import fcntl
from pathlib import Path

import pytest

from automation.kernel.errors import DamagedError, FailedError, InputError
from automation.ledger.anchor import Anchor, read_line
from automation.ledger.head import Head, HeadBody, public_key, sign
from tests.unit.ledger.ledgers import KEY


def _head(number: int) -> Head:
    """Sign a head."""
    key = public_key(KEY).hex()
    return sign(HeadBody(ledger="", number=number, since=1, seq=number, hash="", root="", at=0, key=key, prev=""), KEY)


def test_heads_stand_one_a_line_and_none_twice(tmp_path: Path) -> None:
    """The last whole one is given back; half a line behind it is cut off."""
    path = tmp_path / "heads.log"
    anchor = Anchor(path, live=False)
    assert anchor.last() is None
    anchor.add([_head(1), _head(2)])
    anchor.add([_head(2), _head(3)])
    whole = b"".join(_head(number).line for number in (1, 2, 3))
    assert path.read_bytes() == whole
    path.write_bytes(whole + b'{"body"')
    assert anchor.last() == _head(3)
    assert path.read_bytes() == whole


def test_a_log_that_begins_with_half_a_line_holds_nothing(tmp_path: Path) -> None:
    """The crash came in the very first one."""
    (tmp_path / "heads.log").write_bytes(b'{"body"')
    assert Anchor(tmp_path / "heads.log", live=False).last() is None
    assert (tmp_path / "heads.log").read_bytes() == b""


def test_a_line_in_another_form_is_no_head() -> None:
    """Byte for byte what we write, or nothing."""
    line = _head(1).line[:-1]
    assert read_line(line) == _head(1)
    with pytest.raises(ValueError, match=r"^not in canonical form$"):
        read_line(line + b" ")
    with pytest.raises(ValueError, match="malformed"):
        read_line(b"x")


def test_a_log_whose_last_line_is_no_head_is_damaged(tmp_path: Path) -> None:
    """It says why and where."""
    path = tmp_path / "heads.log"
    path.write_bytes(_head(1).line + b"x\n")
    with pytest.raises(DamagedError, match=r"its last line is no head \(JSON is malformed") as damaged:
        Anchor(path, live=False).last()
    assert damaged.value.where == str(path)


def test_a_log_that_cannot_be_opened_is_said_so(tmp_path: Path) -> None:
    """Where it was to be read, and where it was to be written."""
    (tmp_path / "heads.log").mkdir()
    anchor = Anchor(tmp_path / "heads.log", live=False)
    with pytest.raises(InputError, match=r"it can't be read or written \(Is a directory\)$") as refused:
        anchor.last()
    assert refused.value.where == str(tmp_path / "heads.log")
    with pytest.raises(FailedError) as failed:
        anchor.add([_head(1)])
    assert str(failed.value) == "heads.log can't be written (Is a directory): the head is not anchored yet"


def test_a_log_that_a_former_owner_still_writes_is_not_written(tmp_path: Path) -> None:
    """Two at once would mix their lines."""
    path = tmp_path / "heads.log"
    with path.open("a+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(FailedError, match="temporarily unavailable"):
            Anchor(path, live=True).add([_head(1)])
    Anchor(path, live=True).add([_head(1)])
    assert path.read_bytes() == _head(1).line
