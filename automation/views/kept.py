"""A ledger's events kept in memory, for views that are drawn when its folder is gone."""

from dataclasses import dataclass

from automation.ledger.event import Event, Genesis


@dataclass(frozen=True, slots=True)
class Kept:
    """A ``story.Source`` of events that were read before, in order."""

    genesis: Genesis
    all: tuple[Event, ...]

    def stream(self, name: str) -> list[Event]:
        """Give the events of one stream, in order."""
        return [event for event in self.all if event.stream == name]

    def events(self, *, prefix: str) -> list[Event]:
        """Give the events whose streams lie under a prefix, in order."""
        return [event for event in self.all if event.stream == prefix or event.stream.startswith(f"{prefix}/")]
