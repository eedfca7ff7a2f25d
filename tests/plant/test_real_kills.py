"""A few real processes killed with SIGKILL: inside a commit, during a take-over, while a site is founded, twice."""

import subprocess
import sys

import pytest

KINDS = ("during a take-over", "while a site is founded", "inside a commit")


@pytest.mark.sweep
@pytest.mark.requirement("C01.2")
def test_what_a_killed_process_leaves_is_gone_on_with_to_the_same_end() -> None:
    """One seed of ``make kills``, which tries every kind."""
    words = [sys.executable, "-m", "tests.plant.real_kills", "--recipe", "freeze-day", "--site", "a", "--kills", "4"]
    kinds = [word for kind in KINDS for word in ("--kind", kind)]
    done = subprocess.run([*words, "--double", "1", *kinds], capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 stories, 1 of them with two kills; 5 SIGKILLs; 0 end otherwise than undisturbed" in done.stdout
