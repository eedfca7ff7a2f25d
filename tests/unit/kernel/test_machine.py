"""A table of moves: what is legal, what is said of the rest, and how it is drawn."""

import pytest

from automation.kernel.errors import CellwrightError, RefusedError
from automation.kernel.machine import Row, Table

TABLE = Table(
    "open",
    (
        Row("conclude", "open", "concluded"),
        Row("return", "concluded", "open"),
        Row("close", "concluded", "closed"),
    ),
)
DRAWN = """\
---
title: Deviation
---
stateDiagram-v2
  state "open" as s0
  state "concluded" as s1
  state "closed" as s2
  [*] --> s0
  s0 --> s1: conclude
  s1 --> s0: return
  s1 --> s2: close
  s2 --> [*]
"""


def test_a_table_knows_its_states_in_the_order_of_their_first_mention() -> None:
    """And which of them no row leaves."""
    assert TABLE.states == ("open", "concluded", "closed")
    assert TABLE.final == {"closed"}


@pytest.mark.parametrize("row", TABLE.rows, ids=lambda row: row.command)
def test_every_row_is_a_legal_move(row: Row) -> None:
    """Decided, and read again when it is recorded."""
    assert TABLE.decide(row.source, row.command) is row
    assert TABLE.row(row.source, row.command) is row


@pytest.mark.parametrize(
    ("state", "command", "said"),
    [
        ("open", "close", "'close' is not possible in state 'open'; possible: conclude"),
        ("concluded", "conclude", "'conclude' is not possible in state 'concluded'; possible: return, close"),
        ("closed", "return", "'return' is not possible in state 'closed'; possible: nothing: this state is final"),
        ("lost", "close", "'close' is not possible in state 'lost'; possible: nothing: this state is final"),
    ],
)
def test_any_other_move_is_refused_with_what_is_possible(state: str, command: str, said: str) -> None:
    """Whoever was refused sees at once what to do instead."""
    with pytest.raises(RefusedError) as refused:
        TABLE.decide(state, command)
    assert str(refused.value) == said


def test_two_rows_of_one_source_and_command_are_no_table() -> None:
    """Else the later one would win unseen."""
    table = Table("open", (Row("close", "open", "closed"), Row("close", "open", "lost")))
    with pytest.raises(CellwrightError, match=r"^two rows of a table have the same source and command$"):
        table.decide("open", "close")


def test_a_table_is_drawn_with_its_title_its_beginning_and_its_ends() -> None:
    """As a Mermaid state diagram; without a title it has no head."""
    assert TABLE.diagram("Deviation") == DRAWN
    assert TABLE.diagram() == DRAWN.partition("---\n")[2].partition("---\n")[2]
