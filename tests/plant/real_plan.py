"""Which kills are tried: of each kind a seeded order of scenes, points and times, none of them twice."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from automation.kernel.ids import keyed, uniform
from tests.plant import real_migration as migration
from tests.plant import real_points as points
from tests.plant import real_scenes as scenes
from tests.plant.real_scenes import Point
from tests.plant.real_stage import Stage, Tried

T = TypeVar("T")
Trial = Callable[[Stage], Tried | None]
BATCHES: Mapping[str, tuple[str, ...]] = {
    "before a device write": points.BEFORE_WRITE,
    "after a device write": points.AFTER_WRITE,
    "inside a commit": points.COMMIT,
    "while data is sealed": points.SEAL,
    "while a head is signed": points.HEAD,
    "while a label prints": points.LABEL,
    "during a signature": points.SIGNATURE,
}
OUTSIDE = "from outside"
TAKEN = "during a take-over"
BACKUP = "during a backup"
RESTORE = "during a restore"
MIGRATION = "during a migration"
RECORD = "during record"
FOUNDING = "while a site is founded"
RESUME = "during resume (double)"
KINDS = (*BATCHES, OUTSIDE, TAKEN, BACKUP, RESTORE, MIGRATION, RECORD, FOUNDING)
FREEZING = ("frame", "frame of an act", "frame of an act +", "hand", "signature +", "label recorded", "commit +")
MOMENTS = 100  # of kills from outside


class Plan:
    """The trials on one stage."""

    def __init__(self, stage: Stage, seed: int) -> None:
        """Draw by a seed."""
        self._stage = stage
        self._seed = seed

    def of(self, kind: str) -> Iterator[Trial]:
        """Give the trials of a kind."""
        if kind in BATCHES:
            return (partial(scenes.batch, kind=kind, at=at) for at in self._counted(BATCHES[kind], kind))
        made: Mapping[str, Callable[[], Iterator[Trial]]] = {
            OUTSIDE: self._outside,
            TAKEN: self._taken,
            BACKUP: self._backups,
            RESTORE: self._restores,
            MIGRATION: self._migrations,
            RECORD: self._records,
            FOUNDING: self._foundings,
            RESUME: self._doubles,
        }
        return made[kind]()

    def _outside(self) -> Iterator[Trial]:
        shares = (uniform(self._seed, OUTSIDE, n) for n in range(MOMENTS))
        return (partial(scenes.from_outside, kind=OUTSIDE, share=share) for share in shares)

    def _taken(self) -> Iterator[Trial]:
        pairs = zip(
            self._counted(FREEZING, TAKEN),
            self._counted(tuple(points.TAKEN), f"{TAKEN}, next", points.TAKEN),
            strict=False,
        )
        return (partial(scenes.taken_over, kind=TAKEN, frozen=frozen, at=at) for frozen, at in pairs)

    def _backups(self) -> Iterator[Trial]:
        made = self._stage.room()
        ways = {made / "copy.tar": True, made / "copy": False}
        counts = {one: self._seen("backup", place, "--site", self._stage.undisturbed) for place, one in ways.items()}
        return _in_turn(
            (
                partial(scenes.backup, kind=BACKUP, at=at, one_file=one)
                for at in self._counted(points.COPIED, BACKUP, seen)
            )
            for one, seen in counts.items()
        )

    def _restores(self) -> Iterator[Trial]:
        made, copy = self._stage.room(), self._stage.backup_of_the_end
        site = shutil.copytree(self._stage.undisturbed, made / "trial")
        restored = self._seen("restore", copy, "--to", made / "site")
        tried = self._seen("restore", "--verify", copy, "--site", site, "--as", scenes.SUPERVISOR)
        plain = self._counted(points.COPIED, RESTORE, restored)
        trials = self._counted((*points.COMMIT, *points.SIGNATURE, "half a copy"), f"{RESTORE} trial", tried)
        return _in_turn(
            (
                (partial(scenes.restore, kind=RESTORE, at=at) for at in plain),
                (partial(scenes.trial, kind=RESTORE, at=at) for at in trials),
            )
        )

    def _records(self) -> Iterator[Trial]:
        place = self._stage.room() / "record"
        counts = {form: self._seen(*self._stage.record(form, place)) for form in ("html", "pdf", "json")}
        return _in_turn(
            (partial(scenes.record, kind=RECORD, at=at, form=form) for at in self._counted(points.NAMED, RECORD, seen))
            for form, seen in counts.items()
        )

    def _foundings(self) -> Iterator[Trial]:
        seen = self._seen("init", self._stage.room() / "site", "--simulated", "--site", self._stage.site)
        found = self._counted(("touch +", *points.NAMED, *points.COMMIT), FOUNDING, seen)
        return (partial(scenes.founding, kind=FOUNDING, at=at) for at in found)

    def _migrations(self) -> Iterator[Trial]:
        pairs = zip(
            self._counted(points.COMMIT, MIGRATION),
            self._counted(tuple(points.OPENING), f"{MIGRATION}, next", points.OPENING),
            strict=False,
        )
        return _in_turn(
            (
                (
                    partial(migration.opened, kind=MIGRATION, at=at)
                    for at in self._counted(points.TABLES, f"{MIGRATION}, tables", migration.seen(self._stage))
                ),
                (partial(migration.gone_on_with, kind=MIGRATION, first=one, second=two) for one, two in pairs),
            )
        )

    def _doubles(self) -> Iterator[Trial]:
        firsts = _in_turn(self._counted(names, f"{RESUME} {kind}") for kind, names in BATCHES.items())
        pairs = zip(firsts, self._counted(tuple(points.OPENING), f"{RESUME}, next", points.OPENING), strict=False)
        return (partial(scenes.twice, kind=RESUME, first=first, second=second) for first, second in pairs)

    def _seen(self, *words: object) -> Counter[str]:
        return self._stage.children.counted(*words)

    def _counted(self, names: Sequence[str], use: str, seen: Mapping[str, int] | None = None) -> Iterator[Point]:
        """Give each time that each point is reached, the points in turn and their times in a seeded order."""
        counts = self._stage.counts if seen is None else seen
        return _in_turn(self._times(name, counts.get(name, 0), use) for name in names)

    def _times(self, name: str, count: int, use: str) -> Iterator[Point]:
        times = list(range(1, count + 1))
        keyed(self._seed, use, name).shuffle(times)
        return ((name, n) for n in times)


def _in_turn(several: Iterable[Iterator[T]]) -> Iterator[T]:
    """Give one of each in turn until all are at their ends."""
    left = list(several)
    while left:
        for one in tuple(left):
            try:
                yield next(one)
            except StopIteration:
                left.remove(one)
