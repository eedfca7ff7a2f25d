"""A batch killed at every moment: each append of the ledger, and each frame of every act on a device.

``killed_everywhere`` is one line in a test of a new operation: it runs a recipe once, resumes what a kill at each
moment leaves, and says what does not end as the undisturbed run. In the good case that is nothing.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from automation.engine.journal import Called
from automation.engine.site import Site
from automation.kernel.effect import Kind
from automation.ledger.event import Event
from fakes.kit.crash import Kept, added, at_appends, at_frames, ends, left_open, resumed
from fakes.kit.runs import BATCH, Run, make_site
from fakes.supervisor import Supervisor

ASIDE = ("prompt/", "alarm/", "timer/", "deviation/")  # what people's time to decide changes


class Started:
    """Wants every event, or every so many-th, from the start of the batch to its end."""

    def __init__(self, every: int = 1) -> None:
        """Want nothing yet."""
        self.started = False
        self._every, self._seen = every, 0

    def __call__(self, event: Event) -> bool:
        """Tell whether a kill at this event is to be tried."""
        if (event.stream, event.kind) == (f"batch/{BATCH}", "start"):
            self.started = True
        if not self.started or event.kind == "close":
            return False
        self._seen += 1
        return self._seen % self._every == 0


def faults(run: Run, undisturbed: Run) -> list[str]:
    """Give in what a resumed run differs from the undisturbed one; an act that was open may be called once more."""
    found = [f"batch is {run.state}"] if run.state != undisturbed.state else []
    found += [f"acts {acts(run)}"] if acts(run) != acts(undisturbed) else []
    own, meant = ends(run), ends(undisturbed)
    doubted = any(event.kind == "doubt" for event in run.events)
    meant = {name: state for name, state in meant.items() if not (doubted and name.startswith(ASIDE))}
    found += [f"{name} is {own.get(name)}, was {state}" for name, state in meant.items() if own.get(name) != state]
    if doubted:
        return found  # a device that can't say: people decided, which took time, and the record tells of it
    more, less = added(run, undisturbed), added(undisturbed, run)
    found += [f"the record says more: {more}"] if more not in ([], left_open(run)) else []
    return found + ([f"the record says less: {less}"] if less else [])


def acts(run: Run) -> dict[tuple[str, str], int]:
    """Give devices' own counters by asset and act, without those of sets: the same set twice is one set."""
    calls = [event.read(Called) for event in run.events if event.kind == "call"]
    sets = {(call.asset, call.method.replace("_", " ")) for call in calls if call.kind == Kind.SET_ABSOLUTE}
    counted = {(asset, act): n for asset, counters in run.acts.items() for act, n in counters.items()}
    return {name: n for name, n in counted.items() if name not in sets}


def step_of(run: Run) -> str:
    """Give the step that had begun last when the program was killed; ``-`` before the first."""
    epochs = [event.seq for event in run.events if event.kind == "epoch taken"]
    before = (e.stream for e in run.events if e.seq < epochs[-1] and e.stream.startswith(f"batch/{BATCH}/step/"))
    return max(enumerate(before), default=(0, "-"))[1].rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Tried:
    """One kill, and what is then not as in an undisturbed run."""

    step: str
    moment: str
    differs: list[str]


def tried(kept: Kept, whole: Run, moment: str) -> Tried:
    """Resume one moment, and compare."""
    run = resumed(kept, moment, _decide)
    return Tried(step_of(run), moment, faults(run, whole))


def _decide(site: Site) -> None:
    """Let people decide about what is in doubt."""
    Supervisor(site, BATCH)


@dataclass(frozen=True, slots=True)
class Killed:
    """What kills at many moments came to."""

    moments: int
    differs: list[str]  # by moment; empty in the good case


def killed_everywhere(folder: Path, *, recipe: str, site: str, every: int = 1) -> Killed:
    """Kill a batch at every moment (or at every so many-th), let a new program go on, and compare each.

    ``folder`` is an empty one; the copies in it are taken away again.
    """
    moments, differs = 0, list[str]()
    for how in ("appends", "frames"):
        home, into = make_site(folder / how, site), folder / f"kept {how}"
        if how == "appends":
            whole, kept = at_appends(home, Started(every), into=into, recipe=recipe)
        else:
            whole, kept = at_frames(home, into, recipe=recipe)
        for moment in kept.moments if how == "appends" else kept.moments[::every]:
            moments += 1
            one = tried(kept, whole, moment)
            differs += [f"{how}, {one.step}, {moment}: {what}" for what in one.differs]
            shutil.rmtree(into / moment)
    return Killed(moments, differs)
