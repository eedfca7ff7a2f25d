"""What follows from wrong secrets: each is on record, five in a row lock the account and call for somebody.

Source: 21 CFR 11.300(d), attempts at unauthorised use are detected and reported at once.
"""

from collections.abc import Iterable

from automation.engine.alarms import Alarms
from automation.gmp.door import Command, Door
from automation.gmp.secrets import WRONG_IN_A_ROW, Credentials
from automation.gmp.words import Right
from automation.kernel.errors import RefusedError

PERSONNEL = "system:personnel"  # acts where a secret decides, not a right
UNLOCK = "unlock"


def unknown(door: Door, credentials: Credentials, by: str, *, stream: str) -> RefusedError:
    """Put on record that somebody gave a wrong secret for a known person's name; gives the refusal to raise."""
    person = door.find("person", by)
    if credentials.known(by) and person.state == "active":
        why = RefusedError(f"a wrong secret was given for {by}")
        door.note_refusal(Command(stream, "identify", by=PERSONNEL), why)
    lock(door, credentials, [by])
    return RefusedError(f"{by} could not be identified: unknown here, or not the right secret")


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


def _is_last_keeper(door: Door, name: str) -> bool:
    """Tell whether nobody else is there to unlock the account: guesses by a stranger must not shut a site."""
    return not any(one.id != name and Right.ADMINISTER in door.rights(one.id) for one in door.every("person"))


def unlocked(door: Door, credentials: Credentials, name: str) -> None:
    """Forget the wrong secrets of an account that a person has unlocked."""
    if credentials.known(name):
        credentials.unlock(name)
    Alarms(door, batch="", step="").clear(f"account {name}")
