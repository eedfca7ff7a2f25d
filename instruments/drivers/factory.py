"""What an entry point of the group ``cellwright.drivers`` gives: how to build a driver, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from automation.kernel.errors import InputError
from instruments.interfaces.device import Support
from instruments.transport import Link


class Driver(Protocol):
    """Any driver: the links whose tape the binding takes."""

    @property
    def links(self) -> tuple[Link, ...]:
        """Give the links that the driver speaks through; empty for a device that nobody can talk to."""
        ...


class Build(Protocol):
    """Makes a driver over an opened or unopened link."""

    def __call__(self, link: Link, settings: Mapping[str, str], /, *, control: bool) -> Driver:
        """Build; ``control`` False makes it read-only. Raises InputError for a setting that is not allowed."""
        ...


@dataclass(frozen=True, slots=True)
class Factory:
    """A driver as the site knows it before it is built."""

    build: Build
    interface: type
    support: Support
    transports: tuple[str, ...]  # serial, tcp, visa, memory
    settings: Mapping[str, str] = field(default_factory=dict)  # key of ``site.yaml`` -> what it means

    def check(self, settings: Mapping[str, str]) -> None:
        """Refuse a setting that the driver does not know; raises InputError naming those it does."""
        for key in settings:
            if key not in self.settings:
                msg = f"setting {key!r} is unknown; allowed: {', '.join(sorted(self.settings)) or 'none'}"
                raise InputError(msg)
