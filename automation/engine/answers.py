"""Taking answers: whoever answers a prompt (terminal, web, scanner, scripted person) does it here.

A scan is looked at before it goes to the door. The wrong *kind* of code is refused with a hint; another container of
the right patient is refused and counted; another patient's identifier locks the step until two people clear the
line, and opens a deviation. A running device is never stopped by a scan.
Source: EU GMP Part IV (identity checks); 21 CFR 211.130 (mix-up prevention, line clearance recorded).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.engine.alarms import Alarms
from automation.engine.recorder import RUNNER
from automation.formulas.identifiers import DIN, STANDS_ON, Kind, Scanned, classify, hint
from automation.gmp.door import Command, Door, Proof
from automation.gmp.form import CODE, Value
from automation.gmp.marks import known_as
from automation.gmp.people.prompts import Opening, Prompt
from automation.gmp.product.batches import Batch
from automation.gmp.product.containers import Container
from automation.gmp.scanned import unit_of
from automation.gmp.stock.packages import Wanted, against, lot_of
from automation.kernel.errors import IdentityError, RefusedError
from automation.ledger.event import Event

_WANTED: dict[str, str] = {
    Kind.UNIT: "it together with the product code beside it, or the container's own label",
    Kind.CONTAINER: "the container's own label",
}
ASKING = frozenset({"open", "claimed"})
IDENTIFIERS = frozenset({Kind.DIN, Kind.UNIT, Kind.COI, Kind.CONTAINER})


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as somebody gives it."""

    prompt: str
    by: str
    values: Mapping[str, Value]
    terminal: str = ""
    proofs: tuple[Proof, ...] = ()
    comment: str = ""
    id: str = ""  # of the command
    seen: int | None = None  # version of the prompt that was looked at


def _is_right(seen: Scanned, opening: Opening) -> bool:
    """Tell whether a code is right, of the kind that is asked for and on a container; what is typed has no kind."""
    kinds = {opening.expects or str(seen.kind), str(Kind.UNKNOWN)}
    good = not seen.problem and STANDS_ON not in seen.fields
    return good and seen.value in opening.accept and str(seen.kind) in kinds


def _slip(seen: Scanned, opening: Opening) -> str:
    """Say what was scanned of the right patient that is not what was asked for."""
    if STANDS_ON in seen.fields:
        return f"this donation number stands on {seen.fields[STANDS_ON]}; scan the {opening.expects} on the container"
    if seen.kind is Kind.DIN and opening.expects in {Kind.UNIT, Kind.CONTAINER}:
        wanted = _WANTED.get(opening.expects, "")
        return f"the donation number alone does not tell this container from others; scan {wanted}"
    if opening.expects in {"", str(seen.kind)}:
        return "this is another container of the same patient"
    return hint(Kind(opening.expects), seen) or f"scan the {opening.expects}"


class Answers:
    """The one place where answers come in."""

    def __init__(self, door: Door) -> None:
        """Answer at a site's door."""
        self._door = door

    async def give(self, given: Given) -> Event:
        """Answer a prompt; raises RefusedError with a hint, IdentityError for another patient's code."""
        prompt = self.prompt(given.prompt)
        values = dict(given.values)
        if prompt.opening is not None and prompt.opening.kind == "scan" and prompt.opening.accept:
            values[CODE] = await self._scan(prompt, str(values.get(CODE, "")), given)
        body: dict[str, object] = {"values": values}
        if given.comment:
            body["comment"] = given.comment
        command = prompt.wants or "answer"
        return await self._submit(given, command, body)

    async def verify(self, given: Given) -> Event:
        """Verify what another person entered, with one's own secret."""
        body = {"comment": given.comment} if given.comment else {}
        return await self._submit(given, "verify", body)

    async def clear_line(self, given: Given) -> Event:
        """Clear the line after another patient's identifier; two people sign."""
        event = await self._submit(given, "clear", {"statement": given.comment})
        self._alarms(self.prompt(given.prompt)).clear("identity")
        return event

    def prompt(self, name: str) -> Prompt:
        """Give a prompt; raises RefusedError for one that was never opened."""
        thing = self._door.find("prompt", name)
        if not isinstance(thing, Prompt) or thing.opening is None:
            msg = f"prompt {name!r} is not known; see the open ones with: cellwright status"
            raise RefusedError(msg)
        return thing

    async def _submit(self, given: Given, command: str, body: Mapping[str, object]) -> Event:
        stream = f"prompt/{given.prompt}"
        return await self._door.submit(
            Command(stream, command, body, given.by, given.terminal, given.proofs, id=given.id, seen=given.seen)
        )

    async def _scan(self, prompt: Prompt, text: str, given: Given) -> str:
        seen = classify(text)
        opening = prompt.opening
        if opening is None or prompt.state not in ASKING or _is_right(seen, opening):
            return seen.value  # the door says why nothing is asked now
        if opening.expects == Kind.UNIT and seen.kind is Kind.CONTAINER and self._unit(seen) in opening.accept:
            return self._unit(seen)
        owner = self._owner(seen)
        if opening.expects == Kind.LOT and seen.kind not in IDENTIFIERS and not seen.problem:
            return await self._lot(prompt, seen, text, given)
        if seen.kind not in IDENTIFIERS or seen.problem:
            await self._mismatch(prompt, seen, hint(Kind(opening.expects), seen) if opening.expects else "", given)
        batch = self._door.find("batch", prompt.batch)
        identity = batch.identity if isinstance(batch, Batch) else ""
        if owner is not None and owner.identity == identity:
            await self._mismatch(prompt, seen, _slip(seen, opening), given)
        await self._lock(prompt, seen, owner, given)
        msg = (
            "this identifier is not of this batch's patient: the step is locked until two people have cleared the line"
        )
        raise IdentityError(msg)

    async def _lot(self, prompt: Prompt, seen: Scanned, text: str, given: Given) -> str:
        """Give the lot whose package was scanned; refuses another with what speaks against it."""
        wanted = Wanted(prompt.batch, prompt.step, prompt.opening.accept if prompt.opening else ())
        name = lot_of(self._door, seen, text)
        if name in wanted.lots:
            return name
        known = name or seen.kind is Kind.GS1
        await self._mismatch(prompt, seen, against(self._door, name, wanted) if known else hint(Kind.LOT, seen), given)
        return ""

    async def _mismatch(self, prompt: Prompt, seen: Scanned, why: str, given: Given) -> None:
        accepted = " or ".join(prompt.opening.accept) if prompt.opening else ""
        why = why or f"this is another {seen.kind}; {accepted} is wanted"
        body = {"scanned_kind": str(seen.kind), "hint": why}
        await self._door.submit(Command(f"prompt/{prompt.id}", "mismatch", body, given.by, given.terminal))
        raise RefusedError(why)

    async def _lock(self, prompt: Prompt, seen: Scanned, owner: Container | None, given: Given) -> None:
        whose = "of another patient" if owner is not None else "that is not known here"
        reason = f"a {seen.kind} {whose} was scanned"
        said = {"reason": f"{reason}, by {given.by or 'nobody'}"}
        await self._door.submit(Command(f"prompt/{prompt.id}", "lock", said, RUNNER, given.terminal))
        alarms = self._alarms(prompt)
        alarms.deviation(reason, rule="chain of identity")
        alarms.sound(
            "identity", reason, consequence="product mix-up", response="two people clear the line and sign for it"
        )

    def _unit(self, seen: Scanned) -> str:
        named = self._door.find("container", seen.value)
        return unit_of(named) if isinstance(named, Container) and not named.parent else ""

    def _owner(self, seen: Scanned) -> Container | None:
        named = self._door.find("container", seen.value)
        known = [named] if named.state != "absent" else []
        found = (*known, *self._door.marked("container", known_as(seen.fields.get(DIN, seen.value))))
        return next((thing for thing in found if isinstance(thing, Container)), None)

    def _alarms(self, prompt: Prompt) -> Alarms:
        return Alarms(self._door, batch=prompt.batch, step=prompt.step)
