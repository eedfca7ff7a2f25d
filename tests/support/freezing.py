"""What happens to a freezer during a batch, and what the record of the freezing run says of it.

Units: s of simulated time; degC.
"""

from pathlib import Path

from automation.engine.trends import Sealed, unpack
from automation.ledger.blobs import Blobs
from tests.support.runs import BATCH, Hook, Run, make_site, when
from tests.support.scenes import change_site
from tests.support.supervisor import hand

NUCLEATED = 1500.0  # s after the start of the program, in the plateau and in the ramp after it


def meanwhile(action: str, *, after: float, state: str = "freezing", **details: object) -> Hook:
    """Let a hand act on the freezer ``after`` s in a state of the freezing step."""
    return lambda site: when(site, "freeze", state, lambda: hand(site, action, **details), after=after)


def power_cut(*, minutes: float, after: float = NUCLEATED, state: str = "freezing") -> tuple[Hook, Hook]:
    """Cut the power of the freezer, and bring it back."""
    off = meanwhile("power", after=after, state=state, on=False)
    return off, meanwhile("power", after=after + 60.0 * minutes, state=state, on=True)


def site_with(folder: Path, *, power_fail: str = "continue", site: str = "a") -> Path:
    """Make a site whose freezer has a power-fail strategy."""
    return change_site(make_site(folder, site), ("power_fail: continue", f"power_fail: {power_fail}"))


def criteria(run: Run) -> dict[str, str]:
    """Give what each criterion of the run came to."""
    found = run.step("freeze").results.get("criteria", [])
    return {one["name"]: one["verdict"] for one in found} if isinstance(found, list) else {}


def held_by_quality(run: Run) -> bool:
    """Tell whether the bag is under QA hold."""
    return bool(getattr(run.things["container/BAG-0001"], "on_hold", False))


def outcome(run: Run) -> tuple[str, str, bool]:
    """Give the state of the freezing step, its verdict, and whether the bag is under QA hold."""
    step = run.step("freeze")
    return step.state, str(step.results.get("verdict", "")), held_by_quality(run)


def cleared(run: Run, source: str) -> bool:
    """Tell whether the condition of an alarm of the freezing step is gone, as the record says."""
    name = f"{BATCH}.freeze.{source}".replace(" ", "-")
    return run.things[f"alarm/{name}"].state in {"returned", "normal"}


def trend(run: Run, channel: str) -> dict[int, float | None]:
    """Give all sealed samples of a channel of the freezing step by their moment (us)."""
    blobs, found = Blobs(run.folder / "blobs", sync=False), dict[int, float | None]()
    for event in run.events:
        if event.kind == "data" and event.stream == f"batch/{BATCH}/step/freeze":
            chunk = event.read(Sealed)
            if chunk.channel == channel:
                found.update(zip(*unpack(blobs.get(chunk.blob)), strict=True))
    return found
