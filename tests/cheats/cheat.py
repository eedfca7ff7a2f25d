"""What a row of the list is: a wrong act, how it is refused, and the same act done rightly.

Everything goes in by the door, as it does at a site. ``Tried`` begins at an empty site and says what is there before;
``Told`` takes the place of a move in one patient's story (``tests/support/thread.py``). Units: h, s.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from automation.gmp.door import Command, Door, Proof
from automation.gmp.registry import KINDS
from automation.gmp.words import Strength
from automation.kernel.machine import Row
from automation.kernel.quantity import Seconds
from tests.support.doors import ROLES, SECOND, SYSTEM, ZONE, Doorway, proof
from tests.support.thread import Thread, teller
from tests.unit.gmp import moves  # noqa: F401  bodies of many kinds; imported first, so that its parts find one another

Body = dict[str, object]
Prepare = Callable[[Doorway], None]
Change = Callable[[Thread], None]
Move = tuple[str, str]  # object of the story, command
HOUR: Final = 3600.0  # s
DAY: Final = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Act:
    """One move by somebody, signed as its row wants by that person first and by the second person beside."""

    stream: str
    command: str
    body: Body = field(default_factory=dict)
    by: str = "perform"
    signs: tuple[Proof, ...] | None = None  # instead of those signatures
    id: str = ""  # of the command
    seen: int | None = None  # the version that the person looked at

    def __call__(self, way: Doorway) -> None:
        """Make the move, also one that no state allows."""
        signs = signed(row_of(way, self.stream, self.command), self.by) if self.signs is None else self.signs
        said = Command(self.stream, self.command, self.body, self.by, "bench-1", signs)
        way.door.enter(replace(said, id=self.id, seen=self.seen))

    def stating(self, **said: object) -> "Act":
        """Give the same act with other words."""
        return replace(self, body={**self.body, **said})

    def made_by(self, person: str) -> "Act":
        """Give the same act by somebody else."""
        return replace(self, by=person)

    def signed(self, *signs: Proof) -> "Act":
        """Give the same act under other signatures."""
        return replace(self, signs=signs)

    def on(self, stream: str) -> "Act":
        """Give the same act on another object."""
        return replace(self, stream=stream)


@dataclass(frozen=True, slots=True)
class Stepped:
    """The secrets of a site beside a wall clock that stands six seconds off."""

    way: Doorway

    def check(self, person: str, secret: str) -> bool:
        """Tell whether this is the person's secret."""
        return self.way.secrets.check(person, secret)

    def stale(self, person: str) -> str:
        """Say why the person has to set another secret."""
        return self.way.secrets.stale(person)

    def clock_step(self) -> Seconds:
        """Tell how far the clock was moved (s)."""
        return Seconds(6.0)


@dataclass(frozen=True, slots=True)
class AtAWrongClock:
    """An act while the clock of the machine stands wrong."""

    act: Act

    @property
    def stream(self) -> str:
        """Give what it moves."""
        return self.act.stream

    @property
    def command(self) -> str:
        """Give the command."""
        return self.act.command

    @property
    def by(self) -> str:
        """Give who tries."""
        return self.act.by

    def __call__(self, way: Doorway) -> None:
        """Make the move at a door whose secrets know of the step."""
        door = Door(way.ledger, way.clock, kinds=KINDS, secrets=Stepped(way), roles=ROLES, zone=ZONE)
        self.act(Doorway(way.ledger, door, way.clock, way.secrets))


def row_of(way: Doorway, stream: str, command: str) -> Row:
    """Give the row of a command in the state of an object; where it has none there, any row of that name."""
    kind, _, name = stream.partition("/")
    state = way.door.find(kind, name).state
    rows = [row for row in KINDS[kind].table.rows if row.command == command] or [Row(command, state, state)]
    return next((row for row in rows if str(row.source) == state), rows[0])


def signed(row: Row, by: str) -> tuple[Proof, ...]:
    """Give the signatures of a row by somebody, the second person beside; the own secret where that is enough."""
    beside = "verify" if by == SECOND else SECOND
    signs = tuple(proof(beside if number else by, meaning) for number, meaning in enumerate(row.signs))
    return signs or ((proof(by),) if row.strength == Strength.VERIFY else ())


class Attempt(Protocol):
    """A wrong act that can be tried at a site: on what, by whom."""

    @property
    def stream(self) -> str:
        """Give what it moves."""
        ...

    @property
    def command(self) -> str:
        """Give the command."""
        ...

    @property
    def by(self) -> str:
        """Give who tries."""
        ...

    def __call__(self, way: Doorway) -> None:
        """Try it."""
        ...


@dataclass(frozen=True, slots=True)
class Scene:
    """What is tried at a site that was made ready for it, and how it is done rightly there."""

    wrong: Attempt
    right: Prepare
    moved: str  # the stream that the right act moves


class Plot(Protocol):
    """How a site is made ready, what is tried there, and the same act done rightly."""

    @property
    def live(self) -> bool:
        """Tell whether it plays at a live site."""
        ...

    def arrange(self, way: Doorway) -> Scene:
        """Make a site ready."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """What is tried where something was given before; what is mended in between, and the right act."""

    wrong: Act | AtAWrongClock
    right: Act
    given: tuple[Prepare, ...] = ()
    mended: tuple[Prepare, ...] = ()
    live: bool = False

    def arrange(self, way: Doorway) -> Scene:
        """Make a site ready."""
        for one in self.given:
            one(way)
        return Scene(self.wrong, self._mend, self.right.stream)

    def _mend(self, way: Doorway) -> None:
        for one in self.mended:
            one(way)
        self.right(way)


@dataclass(frozen=True, slots=True)
class Told:
    """A wrong act in the place of a move in one patient's story, which then goes on as it should."""

    what: str
    command: str
    by: str = ""  # else whoever makes the move
    states: Body = field(default_factory=dict)
    second: tuple[Move, ...] = ()  # moves that the second person made
    skipped: tuple[Move, ...] = ()  # moves that nobody made
    given: tuple[Change, ...] = ()  # what else happened
    mended: tuple[Change, ...] = ()
    otherwise: dict[Move, Body] = field(default_factory=dict)  # what is stated otherwise in the story
    rightly: Change | None = None  # the right act, where it is not that of the story
    owner: str = "perform"  # of the CAPA
    live: bool = False

    def arrange(self, way: Doorway) -> Scene:
        """Tell the story up to the move."""
        instead = dict.fromkeys(self.second, SECOND)
        thread = Thread(
            way, "X1", owner=self.owner, instead=instead, skipped=frozenset(self.skipped), otherwise=self.otherwise
        )
        thread.until(self.what, self.command)
        for one in self.given:
            one(thread)
        by = self.by or self._teller
        said = {**thread.body(self.what, self.command), **self.states}
        wrong = Act(thread.stream(self.what), self.command, said, SYSTEM if by == "system" else by)
        return Scene(wrong, lambda _: self._go_on(thread), wrong.stream)

    @property
    def _teller(self) -> str:
        return self.owner if self.command == "implement" else teller(self.what, self.command)

    def _go_on(self, thread: Thread) -> None:
        for one in self.mended:
            one(thread)
        thread.skipped = frozenset()
        thread.until(self.what, self.command)
        if self.rightly is None:
            thread.do(self.what, self.command, by=self._teller)
        else:
            self.rightly(thread)


@dataclass(frozen=True, slots=True)
class Cheat:
    """One way to cheat: a sentence, against which clause, which requirements it shows, what the system says."""

    name: str
    clause: str
    shows: tuple[str, ...]
    says: str  # the decisive words
    plot: Plot

    def __str__(self) -> str:
        """Name it in reports."""
        return self.name.replace(" ", "-")


def two(what: str, first: str, command: str) -> Told:
    """Give the plot of a person who makes both of two moves that want two people."""
    return Told(what, command, by=SECOND, second=((what, first),))


def later(seconds: float) -> Prepare:
    """Give a time that passes (s)."""
    return lambda way: way.clock.go(seconds)
