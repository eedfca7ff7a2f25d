"""Moves of objects at the door from within a protocol: each under an id that a restart finds again.

No step moves a container, or the label of one, of another chain of identity than its batch's, whatever handle it has.
A refusal is kept in the step's journal, so that a protocol that answered it does so again after a restart.
"""

import hashlib
from collections.abc import Mapping

from automation.engine.binding import STAY, Stay
from automation.engine.journal import Fell, raised
from automation.engine.recorder import RUNNER, Recorder
from automation.gmp.door import Command, Door
from automation.gmp.product.batches import Batch
from automation.gmp.product.containers import Container
from automation.gmp.product.labels import Label
from automation.kernel.errors import IdentityError, RefusedError


class Moves:
    """The moves of one step."""

    def __init__(self, recorder: Recorder, door: Door, *, batch: str, step: str) -> None:
        """Move objects on behalf of a step."""
        self._recorder = recorder
        self._door = door
        self._batch = batch
        self._step = step

    async def move(self, stream: str, command: str, *, body: Mapping[str, object], cause: int | None = None) -> int:
        """Move an object once and give the number of the event: the id of the command is the place in the protocol.

        Raises RefusedError as the door does, after a restart the same.
        """
        stay = STAY.get()
        n = stay.begin(command)
        entry = None
        try:
            entry = stay.journal.check(n, f"{stream}.{command}", b"{}")
            if entry is not None and entry.outcome is not None:
                raise raised(entry.outcome)
            await stay.passage()
            self._check_identity(stream)
            once = f"{self.place(stay, n)}/{hashlib.sha256(f'{stream} {command}'.encode()).hexdigest()[:8]}"
            event = await self._door.submit(Command(stream, command, body, RUNNER, cause=cause, id=once))
        except RefusedError as refusal:
            if entry is None or entry.outcome is None:
                kind, why = type(refusal).__name__, str(refusal)
                self._recorder.write("refused", Fell(stay.number, n, kind, why, asset=stream, method=command))
            raise
        finally:
            stay.end()
        return event.seq

    def _check_identity(self, stream: str) -> None:
        """Raise IdentityError for what is, or stands on, a container of another chain of identity than the batch."""
        word, _, name = stream.partition("/")
        if word not in {"container", "label"}:
            return
        thing, batch = self._door.find(word, name), self._door.find("batch", self._batch)
        if isinstance(thing, Label):
            thing = self._door.find("container", thing.container)
        identity = thing.identity if isinstance(thing, Container) else ""
        if identity and isinstance(batch, Batch) and identity != batch.identity:
            msg = f"{stream} belongs to another chain of identity than batch {self._batch}"
            raise IdentityError(msg)

    @staticmethod
    async def skip() -> None:
        """Take a number of the visit without a move, so that a restart counts the same."""
        stay = STAY.get()
        stay.begin("nothing to move")
        stay.end()

    def place(self, stay: Stay, n: int) -> str:
        """Name the place of an effect in the batch."""
        return f"{self._batch}/{self._step}/{stay.number}/{n}"
