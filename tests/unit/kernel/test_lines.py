"""Files of lines: what a kill left half written is dropped, and nothing else."""

import os
from pathlib import Path

import pytest

from automation.kernel.lines import BLOCK, open_lines


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        ("", ""),
        ("one\ntwo\n", "one\ntwo\n"),
        ("one\ntwo\nthr", "one\ntwo\n"),
        ("torn at once", ""),
        (f"{'x' * 70_000}\nto", f"{'x' * 70_000}\n"),
    ],
)
def test_a_torn_last_line_is_dropped_before_anything_is_appended(tmp_path: Path, before: str, kept: str) -> None:
    """The next line begins at the start of a line, so that no two are mixed."""
    path = tmp_path / "lines"
    path.write_text(before, encoding="utf-8")
    handle = open_lines(path)
    os.write(handle, b"new\n")
    os.close(handle)
    assert path.read_text(encoding="utf-8") == f"{kept}new\n"


def test_a_new_file_of_lines_is_its_owners_alone(tmp_path: Path) -> None:
    """From its first byte."""
    os.close(open_lines(tmp_path / "lines"))
    assert (tmp_path / "lines").stat().st_mode & 0o777 == 0o600


def test_a_long_file_without_a_line_end_in_its_last_block_is_left_as_it_is(tmp_path: Path) -> None:
    """No line is that long, so this is not ours to cut; one that ends in time is cut there."""
    path = tmp_path / "lines"
    path.write_bytes(b"one\n" + b"x" * BLOCK)
    os.close(open_lines(path))
    assert path.stat().st_size == 4 + BLOCK
    path.write_bytes(b"one\n" + b"x" * (BLOCK - 1))
    os.close(open_lines(path))
    assert path.read_bytes() == b"one\n"
