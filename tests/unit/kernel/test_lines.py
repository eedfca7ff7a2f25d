"""Files of lines: what a kill left half written is dropped, and nothing else."""

import os
from pathlib import Path

import pytest

from automation.kernel.lines import open_lines


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
