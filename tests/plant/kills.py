"""A batch killed at every moment: each append of the ledger, and each frame of the acts of the freezing step.

Run with ``python -m tests.plant.kills``: every moment is resumed, and one line says what is not as in an undisturbed
run (none in the good case); 0 is the exit status when all end the same. The suite takes a spread of the moments.
"""

import sys
import tempfile
from pathlib import Path

from automation.ledger.event import Event
from tests.support.crash import Kept, added, at_appends, at_frames, ends, left_open, resumed
from tests.support.runs import BATCH, Run

ACTS = ("load", "stand_by", "start")


class Started:
    """Wants every event from the start of the batch to its end."""

    def __init__(self) -> None:
        """Want nothing yet."""
        self.started = False

    def __call__(self, event: Event) -> bool:
        """Tell whether a kill at this event is to be tried."""
        if (event.stream, event.kind) == (f"batch/{BATCH}", "start"):
            self.started = True
        return self.started and event.kind != "close"


def faults(run: Run, undisturbed: Run) -> list[str]:
    """Give in what a resumed run differs from the undisturbed one; an act that was open may be called once more."""
    found = [f"batch is {run.state}"] if run.state != undisturbed.state else []
    found += [f"acts {run.acts}"] if run.acts != undisturbed.acts else []
    own, meant = ends(run), ends(undisturbed)
    found += [f"{name} is {own.get(name)}, was {state}" for name, state in meant.items() if own.get(name) != state]
    more, less = added(run, undisturbed), added(undisturbed, run)
    found += [f"the record says more: {more}"] if more not in ([], left_open(run)) else []
    return found + ([f"the record says less: {less}"] if less else [])


def _every(folder: Path) -> list[tuple[Run, Kept]]:
    made = [at_appends(folder / "site", folder / "kept", Started())]
    return made + [at_frames(folder / f"site {act}", folder / f"kept {act}", step="freeze", method=act) for act in ACTS]


def main() -> None:
    """Resume every moment, and say what differs."""
    count = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for whole, kept in _every(Path(folder)):
            for moment in kept.moments:
                differs = faults(resumed(kept, moment), whole)
                count, wrong = count + 1, wrong + bool(differs)
                sys.stdout.writelines(f"{moment}: {one}\n" for one in differs)
    sys.stdout.write(f"{count} kills, {wrong} of them end otherwise than an undisturbed run\n")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
