"""An abort overtakes everything that is queued, down to the link: nothing is sent to a device before what it asks."""

from collections.abc import Iterable
from typing import Protocol, cast


class Way(Protocol):
    """A link that can be kept free for what is urgent."""

    def clear_way(self) -> None:
        """Let only what is urgent be sent for a while."""
        ...


def clear_way(drivers: Iterable[object]) -> None:
    """Clear the links of some drivers; one whose device has no link, or is worked by a person, has none to clear."""
    for driver in drivers:
        for link in getattr(driver, "links", ()):
            if hasattr(link, "clear_way"):
                cast("Way", link).clear_way()
