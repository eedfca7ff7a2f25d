"""The runs of the test kit, under the name that the tests know them by; and where the packaged sites stand."""

from pathlib import Path

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
    when,
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
