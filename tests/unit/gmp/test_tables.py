"""Every table, every row, every right: what is legal works for exactly those who may, all else changes nothing."""

from pathlib import Path

import pytest

from automation.gmp.registry import KINDS
from automation.gmp.words import Body, Right
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row
from tests.support.doors import PEOPLE, SYSTEM, doorway
from tests.unit.gmp.moves import brought, proofs, stated

ROWS = [
    pytest.param(kind, row, id=f"{kind} {row.source} {row.command}".replace(" ", "-"))
    for kind, made in KINDS.items()
    for row in made.table.rows
]
STATES = [
    pytest.param(kind, state, id=f"{kind} {state}".replace(" ", "-"))
    for kind, made in KINDS.items()
    for state in made.table.states
]
ACTORS: dict[Right, str] = {**PEOPLE, Right.SYSTEM: SYSTEM}


@pytest.mark.requirement("F047", "F106", "F106.1")
@pytest.mark.requirement("F106.1", refuses=True)
@pytest.mark.parametrize(("kind", "row"), ROWS)
def test_a_move_works_for_exactly_the_rights_of_its_row(kind: str, row: Row, tmp_path: Path) -> None:
    """Each right of the row moves an object of its own; all others are refused at one, on the record."""
    with doorway(tmp_path) as way:
        for number, actor in enumerate(actor for right, actor in ACTORS.items() if right in row.by):
            stream = brought(way, kind, row, name=f"X{number}", favourite=actor)
            given = stated(way, kind, row, name=f"X{number}")
            way.do(stream, row.command, given, by=actor, signs=proofs(row, actor))
            assert way.state(stream) == row.dest
        stream = brought(way, kind, row, name="Y", favourite=SYSTEM)
        given = stated(way, kind, row, name="Y")
        before, version = way.door.find(*stream.split("/")), way.ledger.version(stream)
        told = len(way.refusals(stream))
        others = [actor for right, actor in ACTORS.items() if right not in row.by]
        for actor in others:
            with pytest.raises(RefusedError, match="needs the right"):
                way.do(stream, row.command, given, by=actor, signs=proofs(row, actor))
        assert (way.door.find(*stream.split("/")), way.ledger.version(stream)) == (before, version)
        assert len(way.refusals(stream)) - told == len(others)


@pytest.mark.requirement("F047", "F106", "F106.1", refuses=True)
@pytest.mark.parametrize(("kind", "state"), STATES)
def test_a_move_that_the_table_does_not_know_is_refused_recorded_and_changes_nothing(
    kind: str, state: str, tmp_path: Path
) -> None:
    """Every command that is not legal in a state is tried in it."""
    table = KINDS[kind].table
    illegal = sorted({row.command for row in table.rows} - set(table.commands(state)))
    with doorway(tmp_path) as way:
        stream = brought(way, kind, Row("none", state, state), name="X", favourite=SYSTEM)
        before, version = way.door.find(*stream.split("/")), way.ledger.version(stream)
        told = len(way.refusals(stream))
        for command in illegal:
            with pytest.raises(RefusedError, match="is not possible in state"):
                way.do(stream, command)
        assert (way.door.find(*stream.split("/")), way.ledger.version(stream)) == (before, version)
        assert len(way.refusals(stream)) - told == len(illegal)


@pytest.mark.requirement("F106")
@pytest.mark.parametrize("kind", KINDS)
def test_every_object_rebuilt_from_the_ledger_equals_the_live_one(kind: str, tmp_path: Path) -> None:
    """One object for each row, moved by it; then all are folded anew."""
    with doorway(tmp_path) as way:
        for number, row in enumerate(KINDS[kind].table.rows):
            actor = next(name for right, name in reversed(ACTORS.items()) if right in row.by)
            stream = brought(way, kind, row, name=f"X{number}", favourite=actor)
            given = stated(way, kind, row, name=f"X{number}")
            way.do(stream, row.command, given, by=actor, signs=proofs(row, actor))
        assert list(way.rebuilt().every(kind)) == list(way.door.every(kind))


@pytest.mark.requirement("F047", "F047.2", refuses=True)
@pytest.mark.parametrize(("kind", "row"), [p for p in ROWS if isinstance(p.values[1], Row) and p.values[1].signs])
def test_a_signed_move_is_refused_without_each_of_its_signatures(kind: str, row: Row, tmp_path: Path) -> None:
    """Every signature is left out in turn, and given with a wrong secret in turn."""
    with doorway(tmp_path) as way:
        actor = next(name for right, name in ACTORS.items() if right in row.by)
        stream = brought(way, kind, row, name="X", favourite=actor)
        given = stated(way, kind, row, name="X")
        whole = proofs(row, actor)
        for number, one in enumerate(whole):
            rest = whole[:number] + whole[number + 1 :]
            wrong = type(one)(one.person, "not the secret", one.meaning)
            for shown in (rest, (*rest, wrong)):
                with pytest.raises(RefusedError, match=r"needs a signature|could not be identified"):
                    way.do(stream, row.command, given, by=actor, signs=shown)
        assert way.state(stream) == row.source


@pytest.mark.parametrize("kind", KINDS)
def test_no_state_is_out_of_reach(kind: str) -> None:
    """A state without a way to it would be a word without meaning."""
    table = KINDS[kind].table
    reached, rows = {str(table.initial)}, list(table.rows)
    while new := {str(row.dest) for row in rows if str(row.source) in reached} - reached:
        reached |= new
    assert reached == set(table.states)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_form_has_a_label(kind: str) -> None:
    """Forms, pages and command lines are made from the bodies."""
    bodies = {row.body for row in KINDS[kind].table.rows if row.body is not None}
    fields = [(name, one.title) for made in bodies if issubclass(made, Body) for name, one in made.model_fields.items()]
    assert fields
    assert [name for name, title in fields if not title] == []
