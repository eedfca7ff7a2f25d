"""Contacts: what a device that speaks no protocol tells by a switch: door, alarm, ready.

A contact is *normal* or it is not; whether that means closed or open is wired and stated by the site. Contacts of doors
and alarms are wired to be closed while all is well, so that a broken wire reads as what it warns of.
Units: none; a channel is 0 while its contact is normal, 1 while it is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from automation.kernel.effect import Kind, effect, shows_state
from instruments.interfaces.device import Identity


class Wired(StrEnum):
    """How a contact stands while all is well."""

    CLOSED = "closed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class ContactSeen:
    """One contact at one look."""

    name: str
    closed: bool | None  # None while it does not come to rest
    normal: bool | None

    @property
    def off_normal(self) -> float | None:
        """Give 0 while it is normal, 1 while it is not, None while it does not come to rest."""
        return None if self.normal is None else float(not self.normal)


@dataclass(frozen=True, slots=True)
class ContactsSeen:
    """One look at all contacts."""

    contacts: tuple[ContactSeen, ...]

    @property
    def channels(self) -> Mapping[str, float | None]:
        """Give every contact by its name: 0 normal, 1 not."""
        return {one.name: one.off_normal for one in self.contacts}

    @property
    def off(self) -> tuple[str, ...]:
        """Name the contacts that are not normal, or do not come to rest."""
        return tuple(one.name for one in self.contacts if one.normal is not True)


class Contacts(Protocol):
    """Named contacts that are only looked at; its driver has ``channels``: each with its unit."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Give who reads the contacts, as the site states it, and a digest of how they are wired."""
        ...

    @shows_state
    @effect(Kind.QUERY, deadline=10)
    async def look(self) -> ContactsSeen:
        """Read every contact, each once it has come to rest."""
        ...
