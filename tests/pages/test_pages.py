"""The pages for authors, followed to the letter: what they say to write and to type works as it stands.

``make pages`` also runs the kills that they show, at every moment, and everything else that is typed at their ends.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages.follow import PYTEST, follow, make, typed

DOCS = Path(__file__).parents[2] / "docs"
PAGES = (DOCS / "new-operation.md", DOCS / "new-driver.md")
SIMULATE = ["cellwright", "simulate", "double-weigh-pilot", "--site", "my-lab"]


def lint(project: Path) -> str:
    """Give what the linter and the formatter say of a project, by its own rules; empty when all is well."""
    words = (("check", "--quiet", "."), ("format", "--quiet", "--diff", "."))
    done = [
        subprocess.run([sys.executable, "-m", "ruff", *one], cwd=project, capture_output=True, text=True, check=False)
        for one in words
    ]
    return "".join(one.stdout + one.stderr for one in done)


@pytest.mark.sweep
def test_what_the_pages_show_and_what_new_writes_runs_at_once(tmp_path: Path) -> None:
    """Both pages in one project, beside starts that nobody has edited: tests pass, it simulates, and it is in style."""
    project, _ = follow(PAGES, tmp_path)
    make("operation", "cold-rest", folder=project)
    make("driver", "tr20", "--class", "tube rocker", folder=project)
    make("recipe", "wide-day", "--variant-of", "freeze-day", folder=project)
    make("recipe", "short-day", "receive", "count", folder=project)
    came = typed([[*PYTEST, "-k", "not killed"], SIMULATE], project)
    assert came.status == 0, came.out
    assert lint(project) == ""


@pytest.mark.parametrize("name", ["ab", "a-rather-long-name-for-i"])
def test_what_new_writes_is_in_style_under_short_and_long_names(tmp_path: Path, name: str) -> None:
    """Names are put into whole lines, which have to stay within their width and in their order."""
    project = make("project", name, folder=tmp_path)
    make("operation", f"{name[:23]}x", folder=project)
    make("driver", f"{name[:23]}y", "--class", f"{name[:23]}z", folder=project)
    assert lint(project) == ""
