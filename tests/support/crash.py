"""What kills leave, by the test kit, under the name that the tests know it by."""

from pathlib import Path

from fakes.kit import crash
from fakes.kit.crash import (
    Frames,
    Kept,
    Wanted,
    added,
    at_frames,
    ends,
    left_open,
    resumed,
    sentence,
    spread,
    story,
)
from tests.support.runs import Hook, Run

__all__ = [
    "Frames",
    "Kept",
    "Wanted",
    "added",
    "at_appends",
    "at_frames",
    "ends",
    "left_open",
    "resumed",
    "sentence",
    "spread",
    "story",
]


def at_appends(folder: Path, into: Path, wanted: Wanted, *hooks: Hook, recipe: str = "freeze-day") -> tuple[Run, Kept]:
    """Run a batch and keep what a kill at each wanted append leaves."""
    return crash.at_appends(folder, wanted, *hooks, into=into, recipe=recipe)
