"""Same seed, same bytes: whatever the process, its hash seed, its folder, its time zone or the time of day."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
from tests.support.runs import make_site, run_batch
print(run_batch(make_site(Path(sys.argv[1]), "a")).head)
"""
ROOT = Path(__file__).parents[2]


def head(folder: Path, **environment: str) -> str:
    """Run the day in a process of its own and give its head hash."""
    words = [sys.executable, "-c", PROGRAM, str(folder)]
    env = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, env=env, check=True, capture_output=True, text=True, timeout=60, cwd=ROOT)
    return done.stdout.strip()


@pytest.mark.requirement("C07")
def test_two_processes_in_different_surroundings_give_the_same_head(tmp_path: Path) -> None:
    """Nothing of the surroundings gets into the record."""
    first = head(tmp_path / "one", PYTHONHASHSEED="0", TZ="UTC")
    second = head(tmp_path / "far" / "two", PYTHONHASHSEED="77", TZ="Asia/Tokyo")
    assert first == second
    assert len(first) == 64
