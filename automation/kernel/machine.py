"""State machines as literal tables; the only module that imports ``transitions``.

``Table.decide`` asks the machine whether a command is legal; after the event is recorded the
state is set. Triggers are never called: they would set the state before the record exists.
Source: ISA-88 for the words; transitions 0.9.3 keeps the machine.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol, Self

from automation.kernel.errors import CellwrightError, RefusedError


class Body(Protocol):
    """What a row's command must state: a model that reads and writes JSON."""

    @classmethod
    def model_validate(cls, obj: object) -> Self:
        """Read a mapping; raises an error that names the field."""
        ...

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray) -> Self:
        """Read JSON as stored."""
        ...

    def model_dump_json(self) -> str:
        """Write JSON."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One legal move: the command, from where to where, who may, what their signatures mean, what it must state."""

    command: str
    source: str
    dest: str
    by: frozenset[str] | set[str] = field(default_factory=frozenset)
    signs: tuple[str, ...] = ()
    body: type[Body] | None = None
    strength: str = "entry"  # entry, verify or signature: how the person is identified


@dataclass(frozen=True)
class Table:
    """All legal moves of one kind of object."""

    initial: str
    rows: tuple[Row, ...]

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Give every state in the order of its first mention."""
        named = [self.initial, *(s for row in self.rows for s in (row.source, row.dest))]
        return tuple(dict.fromkeys(str(state) for state in named))

    @cached_property
    def final(self) -> frozenset[str]:
        """Give the states that no row leaves."""
        return frozenset(self.states) - {str(row.source) for row in self.rows}

    @cached_property
    def _rows(self) -> dict[tuple[str, str], Row]:
        rows = {(str(row.source), row.command): row for row in self.rows}
        if len(rows) != len(self.rows):
            msg = "two rows of a table have the same source and command"
            raise CellwrightError(msg)
        return rows

    @cached_property
    def _machine(self) -> "_Machine":
        return _Machine(self)

    def decide(self, state: str, command: str) -> Row:
        """Give the row of a legal move; raises RefusedError that names what is legal."""
        if not self._machine.may(str(state), command):
            legal = ", ".join(self.commands(state)) or "nothing: this state is final"
            msg = f"{command!r} is not possible in state {str(state)!r}; possible: {legal}"
            raise RefusedError(msg)
        return self._rows[str(state), command]

    def commands(self, state: str) -> tuple[str, ...]:
        """Give the commands that are legal in a state."""
        return tuple(row.command for row in self.rows if str(row.source) == str(state))

    def row(self, state: str, command: str) -> Row:
        """Give the row of a recorded move (one that was decided before)."""
        return self.decide(state, command)

    def diagram(self, title: str = "") -> str:
        """Draw the table as a Mermaid state diagram."""
        names = {state: f"s{number}" for number, state in enumerate(self.states)}
        lines = [*(["---", f"title: {title}", "---"] if title else []), "stateDiagram-v2"]
        lines += [f'  state "{state}" as {name}' for state, name in names.items()]
        lines.append(f"  [*] --> {names[str(self.initial)]}")
        lines += [f"  {names[str(row.source)]} --> {names[str(row.dest)]}: {row.command}" for row in self.rows]
        lines += [f"  {names[state]} --> [*]" for state in self.states if state in self.final]
        return "\n".join(lines) + "\n"


class _Machine:
    """A ``transitions`` machine without automatic jumps and without callbacks."""

    def __init__(self, table: Table) -> None:
        from transitions import Machine  # noqa: PLC0415  heavy, and only needed once a table decides

        machine = Machine(
            model=None,
            states=list(table.states),
            transitions=[{"trigger": r.command, "source": str(r.source), "dest": str(r.dest)} for r in table.rows],
            initial=str(table.initial),
            auto_transitions=False,
        )
        self._triggers = {state: frozenset(machine.get_triggers(state)) for state in machine.states}

    def may(self, state: str, command: str) -> bool:
        return command in self._triggers.get(state, ())


class Procedural(StrEnum):
    """ISA-88 procedural states around every operation. Source: ISA-88.00.01, as in the glossary."""

    IDLE = "idle"
    RUNNING = "running"
    COMPLETE = "complete"
    PAUSING = "pausing"
    PAUSED = "paused"
    HOLDING = "holding"
    HELD = "held"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    ABORTING = "aborting"
    ABORTED = "aborted"
