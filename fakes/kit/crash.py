"""A process that is killed at every moment that matters: what lies on the disk then is kept, and goes on elsewhere.

A killed process leaves what it had written and nothing else, so a copy of the folder, taken in the midst of an append
or before a frame reaches a device, is what a kill at that moment leaves. One run gives the copies for all moments;
each copy is opened by a new program. Every event is committed by itself and every line of the plant's log is written.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from automation.bootstrap import Way
from automation.engine.site import Site
from automation.engine.troubles import WATCH
from automation.ledger.event import Event
from fakes.faults import Fault, Faults
from fakes.kit.runs import BATCH, Hook, Run, make_site, resume_batch, run_batch

Wanted = Callable[[Event], bool]
LEFT_OUT = ("*-shm", "*.lock")


@dataclass(slots=True)
class Kept:
    """Copies of a site folder, each named by what was about to happen."""

    folder: Path  # of the site
    into: Path
    recipe: str = "freeze-day"
    moments: list[str] = field(default_factory=list)

    def keep(self, what: str) -> None:
        """Copy what a kill would leave now."""
        name = f"{len(self.moments) + 1:04d} {what}".replace("/", "-")
        shutil.copytree(self.folder, self.into / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
        self.moments.append(name)


class Frames(Faults):
    """Tells of every frame before it reaches a device, and breaks none."""

    def __init__(self) -> None:
        """Tell nobody yet."""
        super().__init__()
        self.tell: Callable[[str], None] = lambda _link: None

    def next(self, link: str) -> Fault | None:
        """Tell of a frame; no fault hits it."""
        self.tell(link)
        return None


def at_appends(folder: Path, wanted: Wanted, *hooks: Hook, into: Path, recipe: str = "freeze-day") -> tuple[Run, Kept]:
    """Run a batch and keep what a kill at each wanted append leaves."""
    kept = Kept(folder if (folder / "site.yaml").exists() else make_site(folder), into, recipe)

    def hook(site: Site) -> None:
        def look(event: Event) -> None:
            if wanted(event):
                kept.keep(f"{event.seq} {event.kind}")

        site.house.ledger.subscribe(look, first=True)

    return run_batch(folder, hook, *hooks, way=Way(careful=True, each=True), recipe=recipe), kept


def at_frames(
    folder: Path, into: Path, *, step: str = "", method: str = "", recipe: str = "freeze-day"
) -> tuple[Run, Kept]:
    """Run a batch and keep what a kill leaves before each frame of an act, and before the next frame after it.

    Without a step and a method: of every act of every step.
    """
    kept = Kept(folder if (folder / "site.yaml").exists() else make_site(folder), into, recipe)
    frames, going = Frames(), list[str]()

    def tell(link: str) -> None:
        if going:
            kept.keep(f"frame to {link}")
            if going[0] == "over":
                going.clear()

    def hook(site: Site) -> None:
        def look(event: Event) -> None:
            if event.stream.startswith(f"batch/{BATCH}/step/{step}"):
                if event.kind == "call" and (not method or event.fields["method"] == method):
                    going[:] = ["going"]
                elif event.kind == "reply" and going:
                    going[0] = "over"

        site.house.ledger.subscribe(look)

    frames.tell = tell
    return run_batch(folder, hook, way=Way(careful=True, each=True, faults=frames), recipe=recipe), kept


def resumed(kept: Kept, moment: str, *hooks: Hook) -> Run:
    """Let a new program go on from what a kill left."""
    return resume_batch(kept.into / moment, *hooks, way=Way(careful=True, each=True), recipe=kept.recipe)


def story(run: Run) -> Counter[str]:
    """Give what the record says happened to the batch, without times and values, and how often.

    That the program was away, and nobody looked meanwhile, is left out.
    """
    return Counter(sentence(event) for event in run.events if _told(event.stream) and not _away(event))


def added(run: Run, undisturbed: Run) -> list[str]:
    """Give what one record says more than the other."""
    return sorted((story(run) - story(undisturbed)).elements())


def left_open(run: Run) -> list[str]:
    """Give the acts that were open when the program was killed: called, and nothing known of what became of them."""
    epoch = max(event.seq for event in run.events if event.kind == "epoch taken")
    calls: dict[tuple[object, ...], str] = {}
    for event in run.events:
        place = (event.stream, event.fields.get("visit"), event.fields.get("n"))
        if event.seq < epoch and event.kind == "call":
            calls[place] = sentence(event)
        elif event.seq < epoch and event.kind in {"reply", "refused", "failed", "doubt"}:
            calls.pop(place, None)
    return sorted(calls.values())


def ends(run: Run) -> dict[str, str]:
    """Give the state in which every object of the batch ended, and every step."""
    things = {name: str(thing.state) for name, thing in run.things.items()}
    return things | {f"step {name}": run.step(name).state for name in run.steps}


def spread(moments: list[str], count: int) -> list[str]:
    """Give ``count`` of the moments, evenly spread, the first and the last among them."""
    if len(moments) <= count:
        return moments
    return [moments[round(n * (len(moments) - 1) / (count - 1))] for n in range(count)]


def sentence(event: Event) -> str:
    """Say what an event tells, without times and values."""
    fields = event.fields
    parts: Iterable[object] = (
        event.stream,
        event.kind,
        *(
            fields[name]
            for name in ("visit", "n", "method", "command", "state", "name", "channel", "unit")
            if name in fields
        ),
    )
    return " ".join(str(part) for part in parts)


def _told(stream: str) -> bool:
    return stream.partition("/")[0] in {"batch", "container", "prompt", "timer", "alarm", "deviation", "lot"}


def _away(event: Event) -> bool:
    return event.kind == "gap" and event.fields["what"] == WATCH
