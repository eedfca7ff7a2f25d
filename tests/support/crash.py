"""What kills leave, by the test kit, under the name that the tests know it by."""

from fakes.kit.crash import (
    Frames,
    Kept,
    Wanted,
    added,
    at_appends,
    at_frames,
    ends,
    left_open,
    resumed,
    sentence,
    spread,
    story,
)

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
