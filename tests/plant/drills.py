"""The test of recovery: every trouble of the drills during every operation, handled by the scripted supervisor.

Run: ``python -m tests.plant.drills [--site a|b|both] [--trouble NAME] [--during OPERATION]``
One line a drill: how the batch ended and whether the product stayed within its limits. Exit status 1 when one ends as
none may: the batch is not closed, a device counts other acts than the ledger, something stays open, the trouble never
came, or it came and nothing tells of it although something went wrong. The suite takes a fixed part.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from automation.kernel.errors import CellwrightError, InputError
from fakes.drills.debrief import Debrief
from fakes.drills.play import Drill, listed, play

WORKERS = 2
WIDE = 44  # characters of the first column


@dataclass(frozen=True, slots=True)
class Practised:
    """One drill: what it came to, or why it can't be practised on this site."""

    drill: Drill
    told: Debrief | None = None
    why: str = ""

    @property
    def wrong(self) -> list[str]:
        """Give what may not be; nothing in the good case, nor where it can't be practised."""
        return wrong(self.told) if self.told is not None else [self.why] if self.why.startswith("fell") else []


def every(site: str) -> list[Drill]:
    """Give every trouble during every operation that it names."""
    return [Drill(trouble=line.name, during=during, site=site) for line in listed() for during in line.during]


def practised(drill: Drill) -> Practised:
    """Play one drill by script."""
    try:
        return Practised(drill, play(drill))
    except InputError as missing:
        return Practised(drill, why=str(missing))
    except (CellwrightError, AssertionError, TypeError, ValueError, KeyError, RuntimeError) as fell:
        return Practised(drill, why=f"fell: {type(fell).__name__}: {fell}")


def wrong(told: Debrief) -> list[str]:
    """Give what may not be after any drill."""
    found = list(told.wrong)
    if told.batch != "closed":
        found.append(f"the batch is {told.batch}")
    if not told.struck_at:
        found.append("the trouble never came")
    if not told.within_limits and not (told.deviations or told.alarms):
        found.append("the product is not within limits, and neither alarm nor deviation says so")
    return found


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Practise everything that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", choices=("a", "b", "both"), default="both")
    parser.add_argument("--trouble", default="")
    parser.add_argument("--during", default="")
    asked = parser.parse_args()
    drills = [drill for site in ("ab" if asked.site == "both" else asked.site) for drill in every(site)]
    drills = [d for d in drills if asked.trouble in {"", d.trouble} and asked.during in {"", d.during}]
    started, some = time.monotonic(), list[Practised]()
    with ProcessPoolExecutor(WORKERS) as pool:
        for one in pool.map(practised, drills):
            some.append(one)
            name = f"{one.drill.site} {one.drill.trouble} during {one.drill.during}"
            told = one.told
            good = (
                f"{told.batch}, {'within limits' if told.within_limits else 'not within limits'}" if told else one.why
            )
            doubt = f", {len(told.doubts) // 2} doubts" if told and told.doubts else ""
            say(f"{name:<{WIDE}} {good}{doubt}" + "".join(f"\n  ! {what}" for what in one.wrong))
    bad = sum(bool(one.wrong) for one in some)
    ran = sum(one.told is not None for one in some)
    say(
        f"{ran} drills ran, {len(some) - ran} are not possible on their site, {bad} ended as none may end; "
        f"{time.monotonic() - started:.0f} s"
    )
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
