"""A file stands under its name only when it is whole."""

import os
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from automation.kernel.errors import InputError
from automation.kernel.files import write_folder, write_whole


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


def test_a_folder_stands_under_its_name_with_all_its_files_or_not_at_all(tmp_path: Path, mocker: MockerFixture) -> None:
    """An empty one may be there; a full disk at the second file leaves nothing, under no name."""
    place = tmp_path / "in" / "pages"
    place.mkdir(parents=True)
    write_folder(place, {"1.html": b"one", "2.html": b"two"})
    assert {one.name: one.read_bytes() for one in place.iterdir()} == {"1.html": b"one", "2.html": b"two"}
    mocker.patch("os.fsync", side_effect=[None, None, OSError(28, "No space left on device")])
    with pytest.raises(OSError, match="No space"):
        write_folder(tmp_path / "in" / "more", {"1.html": b"one", "2.html": b"two"})
    assert list((tmp_path / "in").iterdir()) == [place]


def test_a_folder_is_not_put_in_the_place_of_one_with_something_in_it(tmp_path: Path) -> None:
    """Of two that write under one name at the same time the second is told, and the first one's files stay."""
    write_folder(tmp_path / "pages", {"1.html": b"one"})
    with pytest.raises(InputError, match="with something in it"):
        write_folder(tmp_path / "pages", {"1.html": b"other"})
    assert [one.read_bytes() for one in tmp_path.rglob("*.html")] == [b"one"]


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
