"""The table of what follows by itself: of objects, of the engine, of the site."""

import pytest

from automation.engine.by_itself import LINES
from automation.gmp.registry import KINDS
from tests.support.commands import cellwright


@pytest.mark.requirement("F168")
def test_every_line_of_what_follows_by_itself_has_a_name_of_its_own_and_a_clause() -> None:
    """Ids of commands are made from the names, and an inspector asks for the clause."""
    every = [(line.id, line.then, line.clause) for line in LINES]
    every += [(line.id, line.then, line.clause) for kind in KINDS.values() for line in kind.follows]
    assert [line for line in every if not all(line)] == []
    assert len({name for name, _, _ in every}) == len(every)


@pytest.mark.requirement("F168")
def test_the_table_that_people_read_holds_every_line() -> None:
    """Also without a site."""
    items = cellwright("policies", "--json").data["items"]
    assert isinstance(items, list)
    told = {item["id"] for item in items}
    profiles = {f"{name}@1" for name in ("us", "eu", "study")}
    follows = {line.id for kind in KINDS.values() for line in kind.follows}
    assert told == {line.id for line in LINES} | follows | profiles
