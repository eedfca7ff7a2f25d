"""What the engine knows of a driver beside its interface: the bytes of its links, and whether a person is behind it."""

from typing import Protocol, cast

from automation.engine.intake import Arrived, Intake


class Exchange(Protocol):
    """A command and its reply as bytes on the wire."""

    @property
    def sent(self) -> bytes:
        """Give the bytes that went out."""
        ...

    @property
    def received(self) -> bytes:
        """Give the bytes that came back."""
        ...


class Tape(Protocol):
    """A link whose exchanges can be taken for the record."""

    def take_tape(self) -> list[Exchange]:
        """Give what was exchanged since the last call."""
        ...


def take_tape(driver: object) -> tuple[tuple[str, str], ...]:
    """Take what a driver has exchanged since the last time: sent and received, in hex."""
    links = cast("tuple[Tape, ...]", getattr(driver, "links", ()))
    return tuple((e.sent.hex(), e.received.hex()) for link in links for e in link.take_tape())


def take_in(driver: object, asset: str, intake: Intake) -> None:
    """Keep the files that a driver cites by their hash alone, and note whose results it has seen in them.

    Raises FailedError when the disk refuses.
    """
    originals = cast("list[bytes]", getattr(driver, "originals", []))
    while originals:
        intake.keep(originals[0])
        del originals[0]
    seen = cast("list[Arrived]", getattr(driver, "arrivals", []))
    intake.arrived(asset, seen)
    seen.clear()


def introduce(driver: object, intake: Intake) -> None:
    """Tell a driver of result files whom to ask about samples; others are left alone."""
    if hasattr(driver, "samples"):
        driver.samples = intake


def by_person(driver: object, method: str = "") -> bool:
    """Tell whether a person stands between us and the device: always, or in this effect of a driver that says so.

    A driver of a device that can't show everything names such effects in ``asks_person``; they change nothing
    that may not be done again, because an answer that is lost is asked for once more.
    """
    asked = cast("frozenset[str]", getattr(driver, "asks_person", frozenset()))
    return bool(getattr(driver, "by_person", False)) or method in asked
