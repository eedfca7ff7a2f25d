"""A file stands under its name only when it is whole."""

import os
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from automation.kernel.files import write_whole


def test_a_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """And nothing is left beside it."""
    path = tmp_path / "record.html"
    path.write_bytes(b"old and longer")
    assert write_whole(path, b"new") == 3
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_when_the_disk_refuses_the_file_before_stays(tmp_path: Path, mocker: MockerFixture) -> None:
    """Whole, and alone."""
    path = tmp_path / "record.html"
    path.write_bytes(b"old")
    mocker.patch("os.fsync", side_effect=OSError(28, "No space left on device"))
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_told_by_the_name_that_was_asked_for(tmp_path: Path) -> None:
    """Not by the one that it would have been written under."""
    with pytest.raises(OSError, match="No such file") as told:
        write_whole(tmp_path / "none" / "record.html", b"new")
    assert told.value.filename == str(tmp_path / "none" / "record.html")


def test_a_file_that_is_secret_is_so_from_its_first_byte(tmp_path: Path) -> None:
    """The rights are those that were asked for."""
    write_whole(tmp_path / "site.key", b"k", mode=0o600)
    assert (tmp_path / "site.key").stat().st_mode & 0o777 == 0o600


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it leads to is written."""
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_what_is_no_file_just_gets_the_bytes(tmp_path: Path) -> None:
    """A pipe is not replaced."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, b"new")
    assert os.read(reader, 10) == b"new"
    assert pipe.is_fifo()
    os.close(reader)
