"""A later release that is killed: one that reads today's events through upcasts, and opens ledgers of today and before.

The later release is this one with one more schema of the kinds that a batch is made of; a body gets one more field.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from automation.ledger.derived import Change, Derived
from automation.ledger.event import Draft, Event
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from automation.ledger.upcasts import STEP, UPCASTS, Body
from automation.ledger.verify import verify
from automation.views.standing import standing
from tests.golden.make import HERE, STANDING, Standing
from tests.plant.real_points import Fuse
from tests.plant.real_scenes import Point, twice
from tests.plant.real_stage import Stage, Tried

KINDS = ((STEP, "enter"), (STEP, "call"), (STEP, "reply"), (STEP, "data"), ("batch", "issue"), ("prompt", "open"))
TABLE = "events of each stream"


class _Counts:
    """A derived table: how many events each stream has."""

    name = TABLE
    version = 1

    def apply(self, event: Event) -> tuple[Change, ...]:
        """Count one more."""
        return (Change(event.stream, fold=lambda old: str(int(old or b"0") + 1).encode()),)


@contextmanager
def later_release() -> Iterator[None]:
    """Be a later release, also in the children that are begun meanwhile."""
    UPCASTS.update(dict.fromkeys(KINDS, (_one_more,)))
    try:
        yield
    finally:
        UPCASTS.clear()


def gone_on_with(stage: Stage, kind: str, *, first: Point, second: Point) -> Tried | None:
    """Kill a batch that this release runs, and the later release that goes on with it."""
    with later_release():
        return twice(stage, kind, first=first, second=second)


def seen(stage: Stage) -> Counter[str]:
    """Give how often a later release that opens the golden ledger reaches each point."""
    folder = shutil.copytree(_golden(), stage.room() / "site")
    with later_release():
        return stage.children.seen(stage.children.begin(lambda fuse: _open(folder, fuse), Fuse()))


def opened(stage: Stage, kind: str, at: Point) -> Tried | None:
    """Kill a later release that opens the golden ledger of an older one, makes its tables and appends to it."""
    folder = shutil.copytree(_golden(), stage.room() / "site")
    with later_release():
        if not stage.children.end(stage.children.begin(lambda fuse: _open(folder, fuse), Fuse(*at))).killed:
            return None
        ended = stage.children.end(stage.children.begin(lambda fuse: _open(folder, fuse), Fuse()))
        wrong = [] if ended.status == 0 else [f"not opened again: {ended}"]
        return Tried(kind, "golden ledger", f"{at[1]}. {at[0]}", 1, wrong + _unlike(folder))


def _open(folder: Path, fuse: Fuse) -> int:
    fuse.lay()
    with Ledger.open(folder, key=None) as ledger, Derived(folder / "derived.sqlite", ledger) as tables:
        tables.register(_Counts())
        tables.catch_up()
        ledger.append([Draft("site", "note", b"{}", "system")], at=ledger.last.at)
        tables.catch_up()
    return 0


def _golden() -> Path:
    return max(path for path in HERE.iterdir() if (path / STANDING).is_file())


def _unlike(folder: Path) -> list[str]:
    recorded = msgspec.json.decode((_golden() / STANDING).read_bytes(), type=Standing)
    verdict = verify(folder, head=recorded.head)
    wrong = [] if verdict.intact else [f"verify: {verdict}"]
    with Reader(folder) as reader, Derived(folder / "derived.sqlite", reader) as kept:
        wrong += [] if standing(reader) == recorded.states else ["it folds to other states"]
        kept.register(_Counts())
        fresh = Derived(Path(":memory:"), reader)
        fresh.register(_Counts())
        wrong += [] if kept.rows(TABLE) == fresh.rows(TABLE) else ["the kept table is not the one made anew"]
        fresh.close()
    return wrong


def _one_more(body: Body) -> Body:
    return {**body, "told since": 2}
