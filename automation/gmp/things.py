"""All objects of a site as they stand: folded when they are asked for, from what is kept of them and what came since.

Without a shelf, or with one that can't be relied on, every object is folded from the whole ledger. With one, only the
events behind its base are read at the start; an object of before is folded from its own stream when somebody asks, a
long one from the last value that was kept of it. Objects are found by id, by kind, and by the marks that they carry
(see ``objects.marks_of``), so that nobody looks through those of all times.
"""

import hashlib
import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from automation.gmp import objects
from automation.gmp.objects import Kind, Recorded, Thing, fact, marks_of
from automation.kernel.errors import CellwrightError, DamagedError
from automation.ledger import mentions
from automation.ledger.derived import Row
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.ledger.shelf import Shelf
from automation.ledger.store import Ledger

if TYPE_CHECKING:
    from pydantic import TypeAdapter

EVERY = 1_000  # events between two savings; so many are folded at a start
LONG = 32  # versions of a stream from which on the object itself is kept
_THING, _MARK, _COMMAND = "thing", "mark", "command"
_ids_of = msgspec.json.Decoder(list[str]).decode


class _Kept(msgspec.Struct, frozen=True):
    """An object as it stood."""

    version: int
    seq: int  # of the last event of its stream
    value: msgspec.Raw


def rules_of(kinds: Mapping[str, Kind], *, release: str) -> str:
    """Name what everything kept follows from: the release, and the source of every kind and of how events are read."""
    modules = (objects, mentions, *(inspect.getmodule(type(kind.make(""))) for kind in kinds.values()))
    source = [inspect.getsource(module) for module in modules if module is not None]
    return hashlib.sha256("\0".join([release, *source]).encode()).hexdigest()


class Things:
    """Every object of a site; fed with every event, in order."""

    def __init__(self, kinds: Mapping[str, Kind], ledger: Ledger | Reader, shelf: Shelf | None = None) -> None:
        """Take up where the shelf ends, or fold the whole ledger."""
        self._kinds = kinds
        self._ledger = ledger
        self._shelf = shelf
        self._forget()
        self._seen = shelf.base if shelf else 0
        self._whole = not self._seen  # whether everything is held here, so that nothing has to be looked for
        self._saved = self._seen
        for event in ledger.events(after=self._seen):
            self.fold(event)

    def find(self, kind: str, name: str) -> Thing | None:
        """Give an object; None when no event tells of it."""
        found = self._held[kind].get(name)
        return found if found is not None or self._whole else self._load(kind, name)

    def version(self, stream: str) -> int:
        """Give the version of an object's stream as it was last found or folded."""
        return self._at.get(stream, (0, 0))[0]

    def every(self, kind: str) -> Iterable[Thing]:
        """Give all objects of a kind in the order of their making."""
        if not self._whole and kind not in self._complete:
            found = {name: self.find(kind, name) for name in self._ledger.names(kind)}
            held = {**found, **self._held[kind]}  # the order is that of the ledger
            self._held[kind] = {name: thing for name, thing in held.items() if thing is not None}
            self._complete.add(kind)
        return tuple(self._held[kind].values())

    def names(self, kind: str) -> tuple[str, ...]:
        """Give the ids of all objects of a kind, in the order of their making; no object is folded for it."""
        earlier = () if self._whole else self._ledger.names(kind)
        return tuple(dict.fromkeys((*earlier, *self._held[kind])))

    def marked(self, kind: str, mark: str) -> Iterable[Thing]:
        """Give the objects of a kind that carry a mark, in the order in which they came to it."""
        found = (self.find(kind, name) for name in tuple(self._names(kind, mark)))
        return tuple(thing for thing in found if thing is not None)

    def command(self, name: str) -> Event | None:
        """Give the event of the command with this id; None when there was none."""
        seq = self._commands.get(name)
        if seq is None and not self._whole:
            kept = self._kept(_COMMAND, name)
            seq = self._commands.get(name) if kept is None else int(kept)
        return None if seq is None else next(self._ledger.events(after=seq - 1))

    def commands(self) -> Iterable[str]:
        """Give the ids of the commands that were folded here."""
        return tuple(self._commands)

    def fold(self, event: Event) -> Thing | None:
        """Fold one event; gives the object after it, None when it tells of none."""
        word, _, name = event.stream.partition("/")
        kind = self._kinds.get(word)
        after = None
        if kind is not None and "/" not in name:
            before = self.find(word, name)
            thing = before or kind.make(name)
            after = thing.apply(fact(event, kind.table, thing.state))
            self._remark(word, name, was=marks_of(before) if before else (), now=marks_of(after))
            self._hold(event, after)
        self._seen = event.seq
        if self._shelf is not None and event.seq - self._saved >= EVERY:
            self.save()
        return after

    def close(self) -> None:
        """Close the shelf."""
        if self._shelf is not None:
            self._shelf.close()

    def save(self) -> None:
        """Keep everything as it stands after the last folded event, once that is on disk."""
        if self._shelf is None or not self._shelf.is_writable or isinstance(self._ledger, Reader):
            return
        self._saved = self._seen
        try:
            self._ledger.flush()
        except CellwrightError:  # whoever waits for the event is told
            return
        rows = [*self._things_to_keep(), *self._marks_to_keep()]
        rows += [(_COMMAND, name, b"%d" % seq) for name, seq in self._fresh.items()]
        rows += mentions.to_keep(self._ledger, after=self._shelf.base, upto=self._seen)
        self._shelf.save(rows, seq=self._seen)
        if self._shelf.base == self._seen:
            for since in (self._fresh, self._changed, self._touched):
                since.clear()

    def _forget(self) -> None:
        self._held: dict[str, dict[str, Thing]] = {word: {} for word in self._kinds}
        self._at: dict[str, tuple[int, int]] = {}  # version and seq of the last event of each stream
        self._marks: dict[tuple[str, str], dict[str, None]] = {}
        self._commands: dict[str, int] = {}  # the event of each command with an id
        self._fresh: dict[str, int] = {}  # commands since the last saving
        self._complete: set[str] = set()  # kinds of which everything is held
        self._changed: set[str] = set()  # streams since the last saving
        self._touched: set[tuple[str, str]] = set()  # marks since then

    def _hold(self, event: Event, thing: Thing) -> None:
        word, _, name = event.stream.partition("/")
        self._held[word][name] = thing
        self._at[event.stream] = event.version, event.seq
        command = event.read(Recorded).command
        if command:
            self._commands[command] = self._fresh[command] = event.seq
        if self._shelf is not None:
            self._changed.add(event.stream)

    def _remark(self, word: str, name: str, *, was: tuple[str, ...], now: tuple[str, ...]) -> None:
        if was == now:
            return
        moved = set(was) ^ set(now)
        names = {mark: self._names(word, mark) for mark in (*was, *now) if mark in moved}
        names = {mark: self._names(word, mark) for mark in names}  # those before were in doubt if one of them was
        for mark, there in names.items():
            if mark in now:
                there[name] = None
            else:
                there.pop(name, None)
            self._touched.add((word, mark))

    def _names(self, word: str, mark: str) -> dict[str, None]:
        found = self._marks.get((word, mark))
        if found is not None:
            return found
        kept = None if self._whole else self._kept(_MARK, f"{word} {mark}")
        return self._marks.setdefault((word, mark), dict.fromkeys(_ids_of(kept)) if kept else {})

    def _load(self, word: str, name: str) -> Thing | None:
        """Fold an object of before, as it stands after the last event that was folded here."""
        stream = f"{word}/{name}"
        text = self._kept(_THING, stream)
        if self._whole:
            return self._held[word].get(name)
        kind = self._kinds[word]
        thing, seq = kind.make(name), 0
        if text is not None:
            kept = msgspec.json.decode(text, type=_Kept)
            thing, seq = _adapter(type(thing)).validate_json(bytes(kept.value)), kept.seq
            self._at[stream] = kept.version, kept.seq
        for event in self._ledger.stream(stream, after=seq):
            if event.seq <= self._seen:
                thing = thing.apply(fact(event, kind.table, thing.state))
                self._at[stream] = event.version, event.seq
        if stream not in self._at:
            return None
        self._held[word][name] = thing
        return thing

    def _kept(self, table: str, key: str) -> bytes | None:
        """Ask the shelf; when it can't be relied on any more, everything is folded anew and it is made again."""
        try:
            return self._shelf.get(table, key) if self._shelf is not None else None
        except DamagedError:
            self._fold_all()
            return None

    def _fold_all(self) -> None:
        seen, self._whole, self._saved = self._seen, True, 0
        if self._shelf is not None:
            self._shelf.drop()
        self._forget()
        for event in self._ledger.events():
            if event.seq > seen:
                break
            self._saved = event.seq  # nothing is saved on the way
            self.fold(event)
        self._saved = 0

    def _things_to_keep(self) -> Iterable[Row]:
        for stream in self._changed:
            version, seq = self._at[stream]
            if version >= LONG:
                word, _, name = stream.partition("/")
                value = _written(self._held[word][name])
                text = None if value is None else msgspec.json.encode(_Kept(version, seq, msgspec.Raw(value)))
                yield _THING, stream, text

    def _marks_to_keep(self) -> Iterable[Row]:
        for word, mark in self._touched:
            names = self._marks[word, mark]
            yield _MARK, f"{word} {mark}", msgspec.json.encode(list(names)) if names else None


def _written(thing: Thing) -> bytes | None:
    """Write an object; None for one that would not be read back as it is."""
    adapter = _adapter(type(thing))
    text = adapter.dump_json(thing)
    return text if adapter.validate_json(text) == thing else None


@cache
def _adapter(shape: type[Thing]) -> "TypeAdapter[Thing]":
    from pydantic import TypeAdapter  # noqa: PLC0415  only for a ledger that is long enough

    return TypeAdapter(shape)
