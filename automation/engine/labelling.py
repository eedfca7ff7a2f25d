"""Labels in a protocol's hands: issued, printed, verified by scan, applied, kept or destroyed, and counted.

The protocol talks to the printer; here each step of a label's life is one move at the door.
Source: 21 CFR 211.125 (control and reconciliation of labels), 211.130 (identity of what is labelled).
"""

import hashlib
from dataclasses import dataclass

from automation.engine.alarms import Alarms
from automation.engine.binding import STAY
from automation.engine.moves import Moves
from automation.engine.prompts import Answer
from automation.engine.recorder import Recorder
from automation.gmp.door import Door
from automation.gmp.label_text import SYMBOL
from automation.gmp.marks import of_batch, of_container
from automation.gmp.product.labels import RECORD_COPY, REPRINT, SIMULATED, Label, numbered
from automation.kernel.errors import UnknownError
from automation.ledger.blobs import Blobs

TEMPLATE, VERSION = "container", "1"


@dataclass(frozen=True, slots=True)
class Counts:
    """What has become of the labels of a step; printed = applied + kept + destroyed, or some are unaccounted for."""

    printed: int = 0
    applied: int = 0
    kept: int = 0
    destroyed: int = 0
    not_printed: int = 0  # numbers of which nothing came out

    @property
    def unaccounted(self) -> int:
        """Give how many came out of the printer and are nowhere."""
        return self.printed - self.applied - self.kept - self.destroyed


class Labels:
    """The labels of one batch, as one step may handle them."""

    def __init__(self, recorder: Recorder, door: Door, alarms: Alarms, blobs: Blobs) -> None:
        """Handle labels in the step that the alarms speak for; specimens are kept in ``blobs``."""
        self._moves = Moves(recorder, door, batch=alarms.batch, step=alarms.step)
        self._door = door
        self._blobs = blobs
        self._batch = alarms.batch
        self._step = alarms.step

    async def issue(self, container: str, *, lines: tuple[str, ...], statement: str = "", reason: str = "") -> Label:
        """Give a label its number; any but the first of a container is a reprint and needs a reason.

        ``statement`` is printed large, each part between semicolons on a line of its own. Raises RefusedError as the
        label's rules say.
        """
        return await self._issue(container, lines, statement=statement, reason=reason, mark=REPRINT)

    async def copy(self, container: str, *, lines: tuple[str, ...], statement: str = "") -> Label:
        """Give a number to a copy for the batch record, of a container that has its label."""
        return await self._issue(
            container, lines, statement=statement, reason="copy for the batch record", mark=RECORD_COPY
        )

    async def printed(self, label: Label, *, sha256: str, data: str) -> None:
        """Note that a label came out; the bytes that were sent are kept as its specimen.

        Raises UnknownError when they are not what their hash says; both are empty when a person says that it came out.
        """
        sent = data.encode("latin-1")
        if sha256 and hashlib.sha256(sent).hexdigest() != sha256:
            msg = f"label {label.id}: the bytes sent are not those of the hash {sha256[:12]}"
            raise UnknownError(msg)
        if sha256:
            self._blobs.put(sent)
        await self._moves.move(f"label/{label.id}", "print", body={"sha256": sha256})

    async def verify(self, label: Label, *, scanned: Answer) -> None:
        """Note what was scanned on a label; raises IdentityError when it says something else than the record."""
        body = {"code": f"{SYMBOL}{scanned.word('code')}"}
        await self._moves.move(f"label/{label.id}", "verify", body=body, cause=scanned.seq or None)

    async def apply(self, label: Label, *, container: str) -> None:
        """Note that a verified label stands on its container."""
        await self._moves.move(f"label/{label.id}", "apply", body={"container": container})

    async def keep(self, label: Label) -> None:
        """Note that a label went into the batch record."""
        await self._moves.move(f"label/{label.id}", "keep", body={})

    async def destroy(self, label: Label, *, reason: str) -> None:
        """Note that a label was destroyed."""
        await self._moves.move(f"label/{label.id}", "destroy", body={"reason": reason})

    async def void(self, label: Label, *, reason: str) -> None:
        """Note that nothing came out for a number; a printer acknowledges nothing, people look."""
        await self._moves.move(f"label/{label.id}", "void", body={"reason": reason})

    def unsure(self) -> tuple[Label, ...]:
        """Give the labels of which no bytes are on the record: nobody has noted yet whether they came out."""
        ours = (one for one in self._marked(of_batch(self._batch)) if not one.sha256)
        return tuple(one for one in ours if one.state not in {"applied", "kept"})

    async def seen(self, label: Label, *, out: bool) -> None:
        """Note what a person has seen at the printer of a label whose printing was ended."""
        if out and self.label(label.id).state == "issued":
            await self._moves.move(f"label/{label.id}", "print", body={"sha256": ""})
        else:
            await self._moves.skip()

    async def clear_up(self, *, reason: str) -> None:
        """Note that the labels which are on no container were destroyed, and that the others never came out."""
        for one in self._marked(of_batch(self._batch)):
            if one.state not in {"issued", "printed", "verified"}:
                await self._moves.skip()  # also what was cleared up before a restart
                continue
            command = "void" if one.state == "issued" else "destroy"
            await self._moves.move(f"label/{one.id}", command, body={"reason": reason})

    def of(self, container: str) -> tuple[Label, ...]:
        """Give all labels of a container, in the order of their numbers."""
        return self._marked(of_container(container))

    def counts(self) -> Counts:
        """Count what has become of the labels that this step issued."""
        here = f"{self._batch}/{self._step}/"
        labels = [one for one in self._marked(of_batch(self._batch)) if one.place.startswith(here)]
        states = [str(one.state) for one in labels]
        printed = sum(1 for one in labels if one.out)
        ended = (states.count(word) for word in ("applied", "kept", "destroyed", "not printed"))
        return Counts(printed, *ended)

    async def _issue(self, container: str, lines: tuple[str, ...], *, statement: str, reason: str, mark: str) -> Label:
        """Issue the next label of a container; after a restart the one that was issued at this place."""
        stay = STAY.get()
        place = self._moves.place(stay, stay.n + 1)
        mine = self.of(container)
        found = next((one.id for one in mine if one.place == place), "")
        stated = (part.strip() for part in statement.split(";"))
        marks = (*filter(None, stated), *((mark,) if reason or (mine and not found) else ()))
        body = {
            "container": container,
            "code": f"{SYMBOL}{container}",
            "lines": list(lines),
            "marks": [*marks, *((SIMULATED,) if self._door.simulated else ())],
            "template": TEMPLATE,
            "template_version": VERSION,
            "reason": reason,
            "batch": self._batch,
            "step": self._step,
            "place": place,
        }
        name = found or numbered(container, len(mine) + 1)
        await self._moves.move(f"label/{name}", "issue", body=body)
        return self.label(name)

    def label(self, name: str) -> Label:
        """Give a label by its number; raises TypeError for what is none."""
        thing = self._door.find("label", name)
        if not isinstance(thing, Label):
            raise TypeError(thing)
        return thing

    def _marked(self, mark: str) -> tuple[Label, ...]:
        return tuple(one for one in self._door.marked("label", mark) if isinstance(one, Label))
