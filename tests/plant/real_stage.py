"""The stage on which processes are killed: a founded site, an undisturbed batch on it, and copies of the site.

Units: s of real time.
"""

import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from automation.kernel.clock import SystemClock
from automation.kernel.errors import CellwrightError
from automation.ledger.read import Reader
from automation.views.objects import Objects
from tests.plant.real_looks import otherwise, read_back, unsound
from tests.plant.real_processes import Children, Ended, warm
from tests.support.runs import BATCH, Run


@dataclass(frozen=True, slots=True)
class Tried:
    """A kill, or two of them in one story, and what is then not as in an undisturbed run."""

    kind: str
    operation: str  # the step that was under way, or the command
    moment: str
    kills: int
    differs: list[str]


@dataclass(slots=True)
class Stage:
    """A site, a recipe, and what an undisturbed batch of it comes to."""

    folder: Path
    site: str
    recipe: str
    children: Children = field(init=False)
    whole: Run = field(init=False)
    counts: Counter[str] = field(init=False)  # how often an undisturbed run reaches each point
    lasts: float = 0.0  # s, an undisturbed run
    _rooms: int = 0

    def __post_init__(self) -> None:
        """Found the site and run the batch once, in children, with the points counted."""
        self.folder.mkdir(parents=True)
        warm()
        self.children = Children(self.folder)
        founded = self.children.done("init", self.fresh, "--simulated", "--site", self.site)
        if founded.status != 0:
            raise ChildProcessError(founded.said)
        shutil.copytree(self.fresh, self.undisturbed)
        clock = SystemClock()
        began = clock.now()
        self.counts = self.children.counted(*self.run(self.undisturbed))
        self.lasts = float(clock.now() - began)
        self.whole = read_back(self.undisturbed)

    @property
    def fresh(self) -> Path:
        """Give the site before its first batch."""
        return self.folder / "fresh"

    @property
    def undisturbed(self) -> Path:
        """Give the site after its batch."""
        return self.folder / "undisturbed"

    def room(self) -> Path:
        """Give a new empty folder."""
        self._rooms += 1
        place = self.folder / f"room {self._rooms}"
        place.mkdir()
        return place

    def tidy(self) -> None:
        """Take the last room away when its story is told."""
        shutil.rmtree(self.folder / f"room {self._rooms}", ignore_errors=True)

    def run(self, folder: Path) -> tuple[object, ...]:
        """Give the words that run the batch."""
        return ("run", self.recipe, "--site", folder, "--batch", BATCH)

    def resume(self, folder: Path, *more: str) -> tuple[object, ...]:
        """Give the words that go on with the batch, or begin it when the record does not know it."""
        with Reader(folder) as reader:
            known = Objects(reader).has("batch", BATCH)
        return ("resume", BATCH, "--site", folder, *more) if known else self.run(folder)

    def record(self, form: str, target: Path) -> tuple[object, ...]:
        """Give the words that write the record of the undisturbed batch."""
        return ("record", BATCH, "--format", form, "-o", target, "--site", self.undisturbed)

    def record_of_the_end(self, form: str) -> bytes:
        """Give the record of the undisturbed batch."""
        target = self.folder / f"record.{form}"
        if not target.exists():
            self.children.done(*self.record(form, target))
        return target.read_bytes()

    @property
    def backup_of_the_end(self) -> Path:
        """Give a backup of the undisturbed site, with its key."""
        made = self.folder / "undisturbed.tar"
        if not made.exists():
            self.children.done("backup", made, "--with-key", "--site", self.undisturbed)
        return made

    def go_on(self, folder: Path) -> list[str]:
        """Let a new process go on to the end, and give what is then not as it should be."""
        ended = self.children.done(*self.resume(folder))
        return self.judged(folder, ended)

    def judged(self, folder: Path, ended: Ended) -> list[str]:
        """Give what is not as it should be when the last process has ended."""
        closed = f"batch {BATCH} has ended and is closed" in ended.said
        wrong = [] if ended.status == 0 or closed else [f"exit status {ended.status}: {ended.said}"]
        try:
            wrong += unsound(folder) + otherwise(read_back(folder), self.whole)
        except CellwrightError as error:
            return [*wrong, f"it can't be read: {error}"]
        kept = {path.name: path.read_bytes() for path in sorted((folder / "recipes").glob("*.yaml"))}
        meant = {path.name: path.read_bytes() for path in sorted((self.undisturbed / "recipes").glob("*.yaml"))}
        return wrong if kept == meant else [*wrong, "the kept recipe is another one"]
