"""The runs of the test kit, under the name that the tests know them by; and where the packaged sites stand."""

from collections.abc import Callable
from pathlib import Path

from automation.engine.site import Site
from fakes.kit import runs
from fakes.kit.runs import (
    BATCH,
    LONGEST,
    Hook,
    Run,
    make_site,
    plant_of,
    resume_batch,
    run_batch,
    staff_of,
    with_hooks,
)

__all__ = [
    "BATCH",
    "LONGEST",
    "SITES",
    "Hook",
    "Run",
    "make_site",
    "plant_of",
    "resume_batch",
    "run_batch",
    "staff_of",
    "when",
    "with_hooks",
]

SITES = Path(__file__).parents[2] / "fakes" / "sites"


def when(site: Site, step: str, state: str, do: Callable[[], object], *, after: float = 0.0) -> None:
    """Let something happen once, ``after`` s after a step has entered a state."""
    runs.when(site, do, step=step, state=state, after=after)
