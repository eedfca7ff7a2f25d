"""Who is let in, and what follows from wrong secrets: each is on record, too many lock the account or the terminal.

A locked terminal and a secret that has to be changed stop nothing that keeps product safe, and an administrator at a
locked terminal can still open it.
Source: 21 CFR 11.300(b), (d), attempts at unauthorised use are detected and reported at once; Annex 11 draft 11.4.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from automation.engine.alarms import Alarms
from automation.gmp.door import Command, Door
from automation.gmp.people import terminals
from automation.gmp.people.terminals import Terminal
from automation.gmp.secrets import WRONG_IN_A_ROW, Credentials
from automation.gmp.words import Right
from automation.kernel.errors import RefusedError

PERSONNEL = "system:personnel"  # acts where a secret decides, not a right
RENEW = "renew_secret"
RESET = "reset_secret"  # of somebody who had one already: two persons, so that none can be another alone
UNLOCK = "unlock"
_ALARMED = {"person": "account", "terminal": "terminal"}  # kinds that are locked, and what their alarm names
_SAFE = frozenset({"hold", "pause", "stop", "abort"})  # of a batch


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for what, where, and by which secret."""

    by: str
    secret: str = field(repr=False)
    stream: str
    command: str = ""
    terminal: str = ""

    @property
    def keeps_safe(self) -> bool:
        """Tell whether a batch is to be made safe."""
        return self.stream.startswith("batch/") and self.command in _SAFE

    @property
    def opens(self) -> bool:
        """Tell whether the very terminal is to be opened again."""
        return (self.stream, self.command) == (f"terminal/{self.terminal}", UNLOCK)

    @property
    def renews(self) -> bool:
        """Tell whether the own secret is to be changed."""
        return (self.stream, self.command) == (f"person/{self.by}", RENEW)


def let_in(door: Door, credentials: Credentials, who: Caller) -> None:
    """Raise RefusedError, on record, for a wrong secret, a locked terminal, or a secret that has to be changed."""
    terminal = _terminal(door, who.terminal)
    if terminal is not None and terminal.state == "locked" and not (who.keeps_safe or who.opens):
        why = f"terminal {terminal.id} is locked ({terminal.reason}); an administrator opens it"
        raise _refused(door, who, why, by=PERSONNEL)
    if not credentials.check(who.by, who.secret):
        if terminal is not None:
            _missed(door, terminal)
        raise unknown(door, credentials, who.by, stream=who.stream)
    if terminal is not None and terminal.wrong and terminal.state == "in use":
        door.enter(Command(f"terminal/{terminal.id}", "recognise", by=PERSONNEL, terminal=terminal.id))
    why = credentials.stale(who.by)
    if why and not (who.renews or who.keeps_safe):
        how = f"{who.by} has to set another secret first ({why}): do person {who.by} {RENEW}"
        raise _refused(door, who, how, by=who.by)


def check_first(door: Door, credentials: Credentials, who: Caller) -> None:
    """Raise RefusedError, on record, for an administrator alone who gives another secret to somebody who has one."""
    person = who.stream.removeprefix("person/")
    if who.command == RENEW and person != who.by and credentials.known(person):
        why = f"{person} has a secret; another one is set by two persons: do person {person} {RESET}"
        raise _refused(door, who, why, by=who.by)


def unknown(door: Door, credentials: Credentials, by: str, *, stream: str) -> RefusedError:
    """Put on record that somebody gave a wrong secret for a known person's name; gives the refusal to raise."""
    person = door.find("person", by)
    if credentials.known(by) and person.state == "active":
        wrong = RefusedError(f"a wrong secret was given for {by}")
        door.note_refusal(Command(stream, "identify", by=PERSONNEL), wrong)
    lock(door, credentials, [by])
    why = "unknown or locked here, or not the right secret; an administrator unlocks an account"
    return RefusedError(f"{by} could not be identified: {why}")


def lock(door: Door, credentials: Credentials, persons: Iterable[str]) -> None:
    """Lock the accounts whose secret was wrong too often, and say so; nothing for the others."""
    for name in persons:
        if not credentials.locked(name) or door.find("person", name).state != "active":
            continue
        reason = f"{WRONG_IN_A_ROW} wrong secrets in a row"
        if _is_last_keeper(door, name):
            credentials.unlock(name)
            became, consequence = "not locked, as nobody could unlock it", "somebody may try to enter as administrator"
        else:
            door.enter(Command(f"person/{name}", "lock", {"reason": reason}, PERSONNEL))
            became, consequence = "locked", f"{name} can enter and sign nothing; somebody may have tried to"
        Alarms(door, batch="", step="").sound(
            f"account {name}",
            f"{reason} for {name}: the account is {became}",
            priority="medium",
            consequence=consequence,
            response="Ask who it was; then an administrator unlocks the account, or sets a new secret",
        )


def unlocked(door: Door, credentials: Credentials, stream: str) -> None:
    """Forget the wrong secrets of an account that a person has unlocked, and the alarm of it or of a terminal."""
    kind, _, name = stream.partition("/")
    if kind == "person" and credentials.known(name):
        credentials.unlock(name)
    if kind in _ALARMED:
        Alarms(door, batch="", step="").clear(f"{_ALARMED[kind]} {name}")


def _refused(door: Door, who: Caller, why: str, *, by: str) -> RefusedError:
    """Put a refusal on record under who is known to have asked, or under the program when nobody is."""
    refusal = RefusedError(why)
    door.note_refusal(Command(who.stream, who.command or "identify", by=by, terminal=who.terminal), refusal)
    return refusal


def _terminal(door: Door, name: str) -> Terminal | None:
    found = door.find("terminal", name) if name else None
    return found if isinstance(found, Terminal) else None


def _missed(door: Door, terminal: Terminal) -> None:
    stream = f"terminal/{terminal.id}"
    if terminal.state == "locked":
        return
    door.enter(Command(stream, "miss", by=PERSONNEL, terminal=terminal.id))
    if terminal.wrong + 1 < terminals.WRONG_IN_A_ROW:
        return
    reason = f"{terminals.WRONG_IN_A_ROW} wrong secrets in a row"
    door.enter(Command(stream, "lock", {"reason": reason}, PERSONNEL, terminal.id))
    Alarms(door, batch="", step="").sound(
        f"terminal {terminal.id}",
        f"{reason} at {terminal.id}: the terminal is locked",
        priority="medium",
        consequence="nobody can work there; somebody may be trying the secrets of several people",
        response="Look who was there; then an administrator unlocks the terminal",
    )


def _is_last_keeper(door: Door, name: str) -> bool:
    """Tell whether nobody else is there to unlock the account: guesses by a stranger must not shut a site."""
    return not any(one.id != name and Right.ADMINISTER in door.rights(one.id) for one in door.every("person"))
