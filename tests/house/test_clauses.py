"""Clauses that code, pages and policies cite exist in the documents that were read; docs/sources.md says which."""

import re
from functools import cache
from typing import Final

import pytest

from automation.engine.by_itself import LINES
from automation.gmp.registry import KINDS
from tests.house.source import ROOT

FOLDERS: Final = ("automation", "protocols", "instruments", "fakes", "docs", "tests/cheats")
# the last clause of each section, counted in the texts that docs/sources.md names
LAST: Final = {
    "Annex 1": {2: 7, 3: 2, 4: 36, 5: 9, 6: 22, 7: 18, 8: 139, 9: 49, 10: 11},
    "Annex 15": {1: 8, 2: 10, 3: 14, 4: 2, 5: 32, 6: 4, 7: 2, 8: 3, 9: 3, 10: 15, 11: 7},
    "chapter 1": {1: 13},
    "chapter 2": {2: 23},
    "chapter 3": {3: 44},
    "chapter 4": {4: 32},
    "chapter 5": {5: 71},
    "chapter 6": {6: 41},
    "chapter 7": {7: 14},
    "chapter 8": {8: 31},
    "chapter 9": {9: 3},
    "ICH Q10": {1: 8, 2: 8, 3: 2, 4: 3},
    "ICH Q9(R1)": {4: 6, 5: 3, 6: 2},
}
SECTIONS: Final = frozenset((
    1, 3, 22, 25, 28, 34, 42, 44, 46, 48, 50, 52, 56, 58, 63, 65, 67, 68, 72, 80, 82, 84, 86, 87, 89, 94, 100, 101, 103,
    105, 110, 111, 113, 115, 122, 125, 130, 132, 134, 137, 142, 150, 160, 165, 166, 167, 170, 173, 176, 180, 182, 184,
    186, 188, 192, 194, 196, 198, 204, 208,
))  # fmt: skip  # 21 CFR 211
PART_11: Final = frozenset((1, 2, 3, 10, 30, 50, 70, 100, 200, 300))


def cited(document: str, text: str) -> set[str]:
    """Give the clauses of a document that a text names right behind it, up to the next document."""
    found = set()
    for tail in re.split(rf"(?<![\w-]){re.escape(document)}(?![\w.])", text)[1:]:
        run = re.match(r"(?: \(2022\))?,?(?:[\s,]|to|and|of these|\([^)]*\)|\d+\.\d+)*", tail)
        found |= set(re.findall(r"(?<![\w.])(\d+\.\d+)", re.sub(r"\([^)]*\)", "", run.group(0)))) if run else set()
    return found


@cache
def texts() -> list[tuple[str, str]]:
    """Give every text that cites, by its path."""
    paths = [path for folder in FOLDERS for kind in ("*.py", "*.md") for path in sorted((ROOT / folder).rglob(kind))]
    return [(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in paths]


def beyond(document: str, clauses: set[str]) -> list[str]:
    """Give the clauses that the document does not have."""
    last = LAST[document]
    return [one for one in sorted(clauses) if int(one.split(".")[1]) > last.get(int(one.split(".")[0]), 0)]


def test_every_clause_that_is_cited_exists() -> None:
    """Of the annexes, chapters and ICH guidelines that were read; a number from memory is looked up first."""
    every = texts()
    wrong = [
        (path, name, one)
        for path, text in every
        for name in LAST
        if name in text
        for one in beyond(name, cited(name, text))
    ]
    assert wrong == []
    assert {"9.38", "8.137"} <= {one for _, text in every for one in cited("Annex 1", text)}, "citations are seen"


def test_every_section_of_the_federal_rules_that_is_cited_exists() -> None:
    """21 CFR 11 and 211: a section that is reserved or was never made is no source."""
    named = [(path, *one) for path, text in texts() for one in re.findall(r"(?<![\w.])(11|211)\.(\d+)\(", text)]
    wrong = [(path, one) for path, part, one in named if int(one) not in (PART_11 if part == "11" else SECTIONS)]
    assert len(named) > 100
    assert wrong == []


@pytest.mark.parametrize(("clause", "missing"), [("8.139", []), ("8.140", ["8.140"]), ("7.19", ["7.19"])])
def test_a_clause_beyond_the_last_is_seen(clause: str, missing: list[str]) -> None:
    """The check itself: what the annex does not have is named."""
    assert beyond("Annex 1", cited("Annex 1", f"EU GMP Annex 1 (2022), 4.3 to {clause} (bags)")) == missing


def test_every_policy_names_the_document_of_its_clause() -> None:
    """No bare number, no annex of nothing: what ``cellwright policies`` shows can be looked up."""
    clauses = {line.id: line.clause for line in LINES} | {
        f.id: f.clause for kind in KINDS.values() for f in kind.follows
    }
    known = re.compile(r"21 CFR \d|29 CFR \d|EU GMP |Reg\. \(E[CU]\) |ICH |GDPR art\. \d")
    assert len(clauses) > 50
    assert {name: clause for name, clause in clauses.items() if not known.match(clause)} == {}
