"""Who subjects are, at a running site: entered and looked at on the record, destroyed when they are erased.

Sealed first, recorded then: what has no event is destroyed at the next start, as is what was erased when the process
died. A look is on the record before anything is shown.
Source: GDPR (EU) 2016/679 art. 5(1)(f), 17, 30, 32; design: persons can be forgotten, acts can't.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

from automation.engine.afterwards import Afterwards
from automation.engine.house import House
from automation.engine.site import Site
from automation.gmp.door import Command
from automation.kernel.clock import local
from automation.kernel.errors import InputError, RefusedError
from automation.ledger.event import Event
from automation.ledger.sealed import Identifiers, Sealed

_LONGEST = 200  # characters of a name
_OLDEST = timedelta(days=130 * 365.25)


def sealed_of(site: Site) -> Sealed:
    """Give the store of a site's subjects."""
    return Sealed(site.folder, seed=(site.file.seed or 0) if site.file.simulated else None)


@dataclass(frozen=True, slots=True)
class Keeper:
    """Destroys what was erased, or was sealed and never recorded."""

    house: House
    sealed: Sealed
    afterwards: Afterwards

    def start(self) -> None:
        """Do what is left to do, then follow the ledger."""
        for code in self.sealed.codes():
            if self.house.door.find("subject", code).state != "kept":
                self.sealed.erase(code)
        self.house.ledger.subscribe(self._follow)

    def _follow(self, event: Event) -> None:
        if event.kind == "erase" and event.stream.startswith("subject/"):
            self.afterwards.add(partial(self.sealed.erase, event.stream.partition("/")[2]))


async def identify(site: Site, command: Command) -> tuple[dict[str, str], Event]:
    """Enter who a subject is, or look who it is; raises RefusedError as the door does, InputError for no date."""
    code, sealed, door = command.stream.partition("/")[2], sealed_of(site), site.house.door
    if command.command == "look":
        event = await door.submit(command)
        who = sealed.get(code)
        return {"name": who.name, "born": who.born}, event
    if command.command != "enter":
        raise InputError(f"command is {command.command!r}; enter and look are known")
    if door.earlier(command.id) is not None or door.find("subject", code).state != "absent":
        return {}, await door.submit(replace(command, body={"commitment": "0" * 64}))
    commitment = sealed.put(code, _stated(command, local(door.now, zone=door.zone).date()))
    try:
        event = await door.submit(replace(command, body={"commitment": commitment}))
    except (RefusedError, InputError):
        sealed.erase(code)
        raise
    return {}, event


def _stated(command: Command, today: date) -> Identifiers:
    """Read name and birth date; what is wrong is said without repeating either."""
    name, born = str(command.body.get("name", "")).strip(), str(command.body.get("born", ""))
    if not 0 < len(name) <= _LONGEST:
        raise InputError(f"name has {len(name)} characters; 1 to {_LONGEST} are allowed", where=command.stream)
    try:
        day = date.fromisoformat(born)
    except ValueError:
        raise InputError("born is no date; write it as 1980-12-31", where=command.stream) from None
    if not today - _OLDEST <= day <= today:
        raise InputError("born is no day of the last 130 years; look at the year", where=command.stream)
    return Identifiers(name, born)
