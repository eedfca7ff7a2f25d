"""Calling the owner of a site from another process, and what is known of a command when no answer comes.

Every command carries an id, which stands in its event. So when the owner goes away, the ledger tells whether the
command was accepted; and the same command with the same id is carried out once, however often it comes.
Units: s.
"""

import asyncio
import socket
from pathlib import Path

import msgspec

from automation.engine.owner import Reply, address, peer
from automation.engine.requests import Done, Request
from automation.gmp.objects import Recorded
from automation.kernel import errors
from automation.kernel.clock import pause, since_boot
from automation.kernel.errors import CellwrightError, FailedError, OwnedError
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from automation.ledger.lease import owner
from automation.ledger.read import Reader

PATIENCE = 60.0  # s; longest wait for an answer
AFTER = Seconds(5.0)  # s; so long it is looked whether an owner that hung up still records the command
LOOK = Seconds(0.1)  # s; between two looks
MARGIN = 5.0  # s; what the owner has not begun so long before the patience ends, it does not begin


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
        holder = peer(wire)[0]
        try:
            wire.sendall(line)
            with wire.makefile("rb") as answer:
                said = answer.readline()
        except OSError as error:
            raise _unanswered(folder, request, holder, f"did not answer ({error})") from error
    if not said.endswith(b"\n"):
        raise _unanswered(folder, request, holder, "went away before it answered")
    reply = msgspec.json.decode(said, type=Reply)
    if reply.done is None:
        kind: type[CellwrightError] = getattr(errors, reply.error, FailedError)
        raise kind(reply.message)
    return reply.done


def accepted(folder: Path, request: Request) -> Event | None:
    """Give the event of a command that has an id; None when the ledger has none."""
    with Reader(folder) as reader:
        moves = reader.stream(request.stream) if request.id else []
        return next((event for event in moves if event.read(Recorded).command == request.name), None)


def _unanswered(folder: Path, request: Request, holder: int, what: str) -> FailedError:
    """Say what is known of a command that was sent and not answered."""
    last = since_boot() + AFTER
    while (event := accepted(folder, request)) is None and owner(folder) == holder and since_boot() < last:
        asyncio.run(pause(LOOK))
    if event is not None:
        known = f"the command was accepted: {event.kind} of {event.stream} by {event.by} is event {event.seq}"
        follow = "don't give it again"
    elif owner(folder) != holder:
        known, follow = "the command was not accepted: nothing of it is recorded, and nothing will be", "give it again"
    else:
        known = "nothing of the command is recorded so far"
        follow = f"give it again with CELLWRIGHT_COMMAND={request.id}, and it is done once"
    return FailedError(f"{folder}: the owner of the site {what}; {known}; {follow}. See: cellwright status")
