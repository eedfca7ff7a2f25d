"""The pages for authors, followed to the letter: what they say to write and to type works as it stands.

``python -m tests.pages`` also runs the kills that they show, at every moment.
"""

import subprocess
from pathlib import Path

import pytest

from tests.pages.follow import QUICK, follow, make, typed

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("new-operation", "new-driver")


def lint(project: Path) -> str:
    """Give what the linter and the formatter say of a project, by its own rules; empty when all is well."""
    words = (("check", "--quiet", "."), ("format", "--quiet", "--diff", "."))
    done = [subprocess.run(["ruff", *one], cwd=project, capture_output=True, text=True, check=False) for one in words]
    return "".join(one.stdout + one.stderr for one in done)


@pytest.mark.parametrize("page", PAGES)
def test_who_follows_the_page_ends_where_it_says(tmp_path: Path, page: str) -> None:
    """Every file that it shows, every command of its last block, and the style that it promises."""
    project, came = follow(DOCS / f"{page}.md", tmp_path, whole=False)
    assert came.status == 0, came.out
    assert lint(project) == ""


def test_what_new_writes_runs_at_once(tmp_path: Path) -> None:
    """A project with an operation, a driver and recipes of each kind: its own tests pass, before anybody has edited."""
    project = make("project", "trial-lab", folder=tmp_path)
    make("operation", "cold-rest", folder=project)
    make("driver", "tr20", "--class", "tube rocker", folder=project)
    make("recipe", "wide-day", "--variant-of", "freeze-day", folder=project)
    make("recipe", "short-day", "receive", "count", folder=project)
    came = typed([["pytest", *QUICK]], project)
    assert came.status == 0, came.out


@pytest.mark.parametrize("name", ["ab", "a-rather-long-name-for-it"[:24]])
def test_what_new_writes_is_in_style_under_short_and_long_names(tmp_path: Path, name: str) -> None:
    """Names are put into whole lines, which have to stay within their width and in their order."""
    project = make("project", name, folder=tmp_path)
    make("operation", f"{name[:23]}x", folder=project)
    make("driver", f"{name[:23]}y", "--class", f"{name[:23]}z", folder=project)
    assert lint(project) == ""
