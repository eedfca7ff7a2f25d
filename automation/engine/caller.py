"""Calling the owner of a site from another process, and what is known of a command when no answer comes.

Every command carries an id, which stands in its event. So when the owner goes away, the ledger tells whether the
command was accepted; and the same command with the same id is carried out once, however often it comes.
Units: s.
"""

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path

import msgspec

from automation.engine.owner import Reply, address, peer
from automation.engine.requests import Done, Request
from automation.gmp.objects import Recorded
from automation.kernel import errors
from automation.kernel.clock import pause, since_boot
from automation.kernel.errors import CellwrightError, FailedError, OwnedError
from automation.kernel.quantity import Seconds
from automation.kernel.untrusted import UNREADABLE
from automation.ledger.event import Event
from automation.ledger.lease import owner
from automation.ledger.read import Reader

PATIENCE = 60.0  # s; longest wait for an answer
AFTER = Seconds(5.0)  # s; so long it is looked whether an owner that hung up still records the command
LOOK = Seconds(0.1)  # s; between two looks
MARGIN = 5.0  # s; what the owner has not begun so long before the patience ends, it does not begin
_KINDS = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, CellwrightError)
}
"""Every error of ours by its name."""


def ask(folder: Path, request: Request, *, patience: float = PATIENCE) -> Done:
    """Send a request to the owner and give what was done; raises what the owner raised.

    Raises OwnedError when the owner does not listen (nothing was done), FailedError when no answer came; that says
    what the ledger knows of the command.
    """
    until = float(since_boot() + Seconds(max(patience - MARGIN, patience / 2)))
    line = msgspec.json.encode(msgspec.structs.replace(request, until=until)) + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
        wire.settimeout(patience)
        try:
            with address(folder) as place:
                wire.connect(place)
        except OSError as error:
            raise OwnedError(f"{folder}: another process owns the site and does not listen ({error})") from error
        sent = _Sent(folder, request, peer(wire)[0], min(AFTER, Seconds(patience)))
        try:
            wire.sendall(line)
            with wire.makefile("rb") as answer:
                said = answer.readline()
        except OSError as error:
            raise sent.unanswered(f"did not answer ({error})") from error
    if not said.endswith(b"\n"):
        raise sent.unanswered("went away before it answered")
    return read(said)


def read(said: bytes) -> Done:
    """Read the owner's answer; raises what the owner raised, FailedError for what is no answer."""
    try:
        reply = msgspec.json.decode(said, type=Reply)
    except UNREADABLE as error:
        raise FailedError(f"the owner's answer can't be read ({error}); look with: cellwright status") from None
    if reply.done is None:
        raise _KINDS.get(reply.error, FailedError)(reply.message)
    return reply.done


def accepted(folder: Path, request: Request) -> Event | None:
    """Give the event of a command that has an id; None when the ledger has none."""
    with Reader(folder) as reader:
        moves = reader.stream(request.stream) if request.id else []
        return next((event for event in moves if event.read(Recorded).command == request.name), None)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A command that is on its way to an owner (a process id)."""

    folder: Path
    request: Request
    holder: int
    after: Seconds

    def unanswered(self, what: str) -> FailedError:
        """Say what is known of it when no answer came."""
        event, is_gone = self._settled()
        if event is not None:
            known = f"the command was accepted: {event.kind} of {event.stream} by {event.by} is event {event.seq}"
            follow = "don't give it again"
        elif is_gone:
            known = "the command was not accepted: nothing of it is recorded, and nothing will be"
            follow = "give it again"
        else:
            known = "nothing of the command is recorded so far"
            follow = f"give it again with CELLWRIGHT_COMMAND={self.request.id}, and it is done once"
        return FailedError(f"{self.folder}: the owner of the site {what}; {known}; {follow}. See: cellwright status")

    def _settled(self) -> tuple[Event | None, bool]:
        """Give its event, and whether its owner is gone; waits a while for either."""
        last = since_boot() + self.after
        while True:
            is_gone = owner(self.folder) != self.holder  # asked first: what it recorded at last is then there
            event = accepted(self.folder, self.request)
            if event is not None or is_gone or since_boot() > last:
                return event, is_gone
            asyncio.run(pause(LOOK))
