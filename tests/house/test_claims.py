"""What the four short pages claim is shown by tests that exist; a row of their tables without one claims nothing."""

import ast
import re
from functools import cache
from typing import Final

import pytest

from tests.house.source import ROOT, modules

PAGES: Final = ("threat-model", "life-of-keys", "downtime", "what-we-do-not-prove")
LONGEST: Final = 80  # lines
SHOWN: Final = "shown by"  # the head of the column that names tests


@cache
def known() -> set[str]:
    """Give the names of all tests."""
    return {
        node.name
        for module in modules("tests")
        for node in module.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def lines(page: str) -> list[str]:
    """Give the lines of a page."""
    return (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_exists(page: str) -> None:
    """A claim whose test was renamed or taken away is a claim that nobody checks."""
    named = set(re.findall(r"`(test_\w+)`", "\n".join(lines(page))))
    assert len(named) > 10, "the page names its tests"
    assert named - known() == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_row_of_claims_names_a_test(page: str) -> None:
    """Tables whose last column is ``shown by`` are claims."""
    rows = [line for line in lines(page) if line.startswith("| ")]
    assert any(row.rstrip(" |").endswith(SHOWN) for row in rows)
    bare = [row for row in rows if not row.rstrip(" |").endswith(SHOWN) and "`test_" not in row.rsplit(" | ", 1)[-1]]
    assert bare == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_stays_short(page: str) -> None:
    """Who has to read it before an emergency reads it."""
    assert len(lines(page)) < LONGEST
