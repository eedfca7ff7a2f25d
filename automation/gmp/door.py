"""The door: the one way in. Every command is authorised, signed where its row says so, and recorded before it counts.

Four questions in one order: legal move? authorised? signed as the row says? rule kept?
It decides and enqueues in one go (no await between), and records which (stream, version) pairs the decision read.
A well-formed command of a known person that is refused is an event in ``refusals/...``.
Source: 21 CFR 11.10(f) sequence, (g) authority, (j) accountability, 11.50 and 11.70 signatures.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import msgspec
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from automation.gmp.accountability import ACCEPT, unaccepted
from automation.gmp.capacity import Capacity
from automation.gmp.codes import is_code
from automation.gmp.objects import Fact, Kind, Recorded, Signed, Thing, roles_of
from automation.gmp.plainly import said
from automation.gmp.recording import barred
from automation.gmp.things import Things
from automation.gmp.words import SYSTEM, Meaning, Right, Strength
from automation.kernel.clock import MICRO, STEP_BLOCKS_SIGNING, Clock
from automation.kernel.errors import CellwrightError, ConflictError, InputError, RefusedError
from automation.kernel.machine import Row
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Draft, Event
from automation.ledger.shelf import Shelf
from automation.ledger.store import Ledger

LONGEST = 100
"""Characters of the id of an object; what follows from it, and its refusals, have longer ones in the ledger."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a person gives at the door to be known: own secret, and what the signature means; never stored."""

    person: str
    secret: str = field(repr=False)
    meaning: str = ""
    shown: bytes = field(default=b"", repr=False)  # the very bytes that were shown


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody wants: move one object, with a body and proofs."""

    stream: str  # kind/id, for example deviation/D-0001
    command: str
    body: Mapping[str, object] = field(default_factory=dict)
    by: str = ""
    terminal: str = ""
    proofs: tuple[Proof, ...] = ()
    cause: int | None = None
    id: str = ""  # a second command with the same id is answered with the first one's event
    seen: int | None = None  # version of the object that the person looked at; refused when it has moved on since


class Secrets(Protocol):
    """Port to the verifier of secrets; the ledger never sees them."""

    def check(self, person: str, secret: str) -> bool:
        """Tell whether this is the person's secret."""
        ...

    def stale(self, person: str) -> str:
        """Say why the person has to set another secret before anything else; empty when it is good."""
        ...

    def clock_step(self) -> Seconds:
        """Tell how far the wall clock stands from ledger time (s)."""
        ...


class Door:
    """All objects of a site, and the one way to move them."""

    def __init__(  # noqa: PLR0913  the joints of the house, all by keyword
        self,
        ledger: Ledger,
        clock: Clock,
        *,
        kinds: Mapping[str, Kind],
        secrets: Secrets,
        roles: Mapping[str, frozenset[str]],
        zone: str,
        capacities: Mapping[str, Capacity] = MappingProxyType({}),
        operations: frozenset[str] = frozenset(),
        kept: Callable[[str], bool] = lambda _: True,
        shelf: Shelf | None = None,
    ) -> None:
        """Take every object up as the ledger says, and follow it from then on; ``shelf`` saves reading it all."""
        self._ledger = ledger
        self._clock = clock
        self._kinds = kinds
        self._secrets = secrets
        self._roles = roles
        self._things = Things(kinds, ledger, shelf)
        self._read: list[tuple[str, int]] = []
        self._followers: list[Callable[[Event, Thing], None]] = []
        self._followers_of: dict[str, list[Callable[[Event, Thing], None]]] = {}
        self.zone = zone
        self.capacities = capacities
        self.operations = operations
        self._kept = kept
        ledger.subscribe(self._fold)

    # what checks and views see

    @property
    def now(self) -> Instant:
        """Give the moment."""
        return self._clock.now()

    @property
    def roles(self) -> frozenset[str]:
        """Give the names of the roles that the site states."""
        return frozenset(self._roles)

    @property
    def simulated(self) -> bool:
        """Tell whether the site is a simulated one."""
        return self._ledger.genesis.mode == "simulated"

    def keeps(self, sha256: str) -> bool:
        """Tell whether the site keeps a file with this hash."""
        return self._kept(sha256)

    def find(self, kind: str, id: str) -> Thing:  # noqa: A002  the field's own name
        """Give an object; one that was never heard of stands in its initial state."""
        stream = f"{kind}/{id}"
        found = self._things.find(kind, id) or self._kinds[kind].make(id)
        self._read.append((stream, self._things.version(stream)))
        return found

    def every(self, kind: str) -> Iterator[Thing]:
        """Give all objects of a kind in the order of their making."""
        return iter(self._things.every(kind))

    def names(self, kind: str) -> tuple[str, ...]:
        """Give the ids of all objects of a kind, in the order of their making."""
        return self._things.names(kind)

    @property
    def seq(self) -> int:
        """Give the number of the last event."""
        return self._ledger.last.seq

    def marked(self, kind: str, mark: str) -> Iterator[Thing]:
        """Give the objects of a kind that carry a mark, in the order in which they came to it."""
        return iter(self._things.marked(kind, mark))

    def close(self) -> None:
        """Close what is kept of how everything stands."""
        self._things.close()

    def rights(self, person: str) -> frozenset[str]:
        """Give the rights of a person (while active) or of a system principal."""
        if person.startswith(f"{SYSTEM}:"):
            return frozenset({Right.SYSTEM})
        roles = roles_of(self.find("person", person), self.now)
        return frozenset().union(*(self._roles.get(role, frozenset()) for role in roles))

    def follow(self, call: Callable[[Event, Thing], None], *, of: str = "") -> None:
        """Be told of every move of an object after it is recorded, in order, at once; ``of`` (KIND/ID): of one."""
        if of:
            self._followers_of.setdefault(of, []).append(call)
        else:
            self._followers.append(call)

    # the way in

    async def submit(self, command: Command) -> Event:
        """Decide, record, and return when the record is durable; raises RefusedError and its kin, or InputError."""
        event = self.enter(command)
        await self._ledger.durable(event.seq)
        return event

    def enter(self, command: Command) -> Event:
        """Decide and enqueue at once; the caller awaits durability before it tells anybody."""
        earlier = self.earlier(command.id)
        if earlier is not None:
            return self._again(command, earlier)
        kind, thing = self._target(command.stream)
        self._read = []
        try:
            return self._decide(command, kind, thing)
        except RefusedError as refusal:
            self.note_refusal(command, refusal)
            raise

    def _again(self, command: Command, earlier: Event) -> Event:
        """Give the event of a command that comes again; another one under its id is refused, on record."""
        try:
            _check_same(command, earlier, self._kinds)
        except InputError as wrong:
            self.note_refusal(command, wrong)
            raise
        return earlier

    def earlier(self, command: str) -> Event | None:
        """Give the event of the command with this id; None when there was none."""
        return self._things.command(command) if command else None

    def _target(self, stream: str) -> tuple[Kind, Thing]:
        word, _, name = stream.partition("/")
        if word not in self._kinds or not name or "/" in name:
            known = ", ".join(sorted(self._kinds))
            msg = f"object {stream!r} is not known; write KIND/ID with KIND one of: {known}"
            raise InputError(msg)
        if self._is_name(stream):
            msg = f"a {word} is called by a code: 3 to 32 capital letters, digits and '-', never a name"
            raise InputError(msg)
        known_thing = self._things.find(word, name)
        if known_thing is None and len(name) > LONGEST:
            raise InputError(f"{word} {name[:20]!r}...: an id has at most {LONGEST} characters, this one {len(name)}")
        return self._kinds[word], known_thing or self._kinds[word].make(name)

    def _is_name(self, stream: str) -> bool:
        """Tell whether an id is none of those that objects of its kind have: it might be a patient's name."""
        word, _, name = stream.partition("/")
        kind = self._kinds.get(word)
        return kind is not None and kind.coded and not is_code(name)

    def _decide(self, command: Command, kind: Kind, thing: Thing) -> Event:
        self._check_seen(command)
        row = kind.table.decide(thing.state, command.command)
        self._authorise(command, row)
        body, raw = _body(command, row)
        signed = self._signatures(command, row)
        at = self._clock.micros()
        version = self._things.version(command.stream)
        moment = Instant(at / MICRO)
        fact = Fact(command.command, command.by, moment, body, signed, 0, command.stream, version + 1, self.zone)
        thing.check(fact, self)
        recorded = Recorded(msgspec.Raw(raw), signed, tuple(dict.fromkeys(self._read)), command.id)
        draft = Draft(
            command.stream,
            command.command,
            msgspec.json.encode(recorded),
            command.by,
            command.terminal,
            command.cause,
            expected=version,
        )
        return self._ledger.append([draft], at=at)[0]

    def _check_seen(self, command: Command) -> None:
        """Raise ConflictError when the object is not any more what the person looked at; says who moved it."""
        version = self._things.version(command.stream)
        if command.seen is None or command.seen == version:
            return
        moves = self._ledger.stream(command.stream)
        state = self.find(*command.stream.split("/", 1)).state
        who = f"{moves[-1].kind} by {moves[-1].by}, event {moves[-1].seq}" if moves else "nobody has moved it"
        raise ConflictError(f"{command.stream} has moved on since you looked: it is {state} ({who}); look again")

    def _authorise(self, command: Command, row: Row) -> None:
        rights = self.rights(command.by)
        if row.by and not rights & row.by:
            needed = " or ".join(sorted(row.by))
            msg = f"{command.by or 'nobody'} may not {command.command} {command.stream}: needs the right {needed}"
            raise RefusedError(msg + self._ended(command.by))
        system = command.by.startswith(f"{SYSTEM}:")
        if not system:
            self._check_recording(command, command.by)
        if row.strength != Strength.ENTRY and not system and not row.signs:
            self._known(command, command.by)

    def _ended(self, person: str) -> str:
        """Say that a permit has ended, which takes all rights; empty when it has not."""
        ends: Instant | None = getattr(self.find("person", person), "until", None) if person else None
        return f"; the permit of {person} has ended" if ends is not None and self.now > ends else ""

    def _known(self, command: Command, person: str) -> Proof:
        proof = next((proof for proof in command.proofs if proof.person == person), None)
        if proof is None or not self._secrets.check(person, proof.secret):
            msg = f"{person} could not be identified: the person's own secret is needed for {command.command}"
            raise RefusedError(msg)
        stale = self._secrets.stale(person)
        if stale:
            raise RefusedError(f"{person} has to set another secret before signing: {stale}")
        return proof

    def _signatures(self, command: Command, row: Row) -> tuple[Signed, ...]:
        if not row.signs:
            return ()
        if abs(self._secrets.clock_step()) > STEP_BLOCKS_SIGNING:
            msg = "signing is blocked: the clock of this machine was moved; set it right first"
            raise RefusedError(msg)
        signed: list[Signed] = []
        for meaning in row.signs:
            proof = next((p for p in command.proofs if p.meaning == meaning), None)
            if proof is None:
                msg = f"{command.command} {command.stream} needs a signature with the meaning {str(meaning)!r}"
                raise RefusedError(msg)
            if any(earlier.by == proof.person for earlier in signed):
                msg = f"{proof.person} signed already; {str(meaning)!r} needs a different person"
                raise RefusedError(msg)
            signed.append(self._signature(command, proof, needed=_may_sign(meaning, row)))
        if command.by not in {signature.by for signature in signed}:
            msg = f"{command.by} gave the command but signed nothing of it"
            raise RefusedError(msg)
        return tuple(signed)

    def _signature(self, command: Command, proof: Proof, *, needed: AbstractSet[str]) -> Signed:
        self._known(command, proof.person)
        person = self.find("person", proof.person)
        if person.state != "active":
            msg = f"{proof.person} may not sign: the account is {person.state}"
            raise RefusedError(msg)
        if not self.rights(proof.person) & needed:
            msg = f"{proof.person} may not sign as {proof.meaning}: needs the right {' or '.join(sorted(needed))}"
            raise RefusedError(msg)
        self._check_bound(command, proof.person)
        self._check_recording(command, proof.person)
        shown = hashlib.sha256(proof.shown).hexdigest() if proof.shown else ""
        name: str = getattr(person, "name", proof.person)
        return Signed(proof.person, name, proof.meaning, self._clock.micros(), self.zone, shown)

    def _check_bound(self, command: Command, person: str) -> None:
        """Refuse the signature of somebody who has not accepted that it binds, where the site has such a statement."""
        missing = "" if command.command == ACCEPT else unaccepted(self, person)
        if missing:
            how = f"do person {person} {ACCEPT} --document {missing} --binding true"
            raise RefusedError(f"{person} has not signed that the own signature binds ({missing}); first: {how}")

    def _check_recording(self, command: Command, person: str) -> None:
        """Refuse what somebody records who is not qualified to record, where the site has a curriculum for that."""
        why = barred(self, person, stream=command.stream, command=command.command)
        if why:
            raise RefusedError(why)

    def note_refusal(self, command: Command, refusal: CellwrightError) -> None:
        """Record that a known principal was refused, also one without rights; no body, no secret, no personal value.

        What might be the name of a patient in place of a code is on no record, also not that of a refusal.
        """
        if self._is_name(command.stream):
            return
        program = command.by.startswith(f"{SYSTEM}:")
        if not program and (not command.by or self.find("person", command.by).state == "absent"):
            return
        note = {"stream": command.stream, "command": command.command, "why": str(refusal)}
        draft = Draft(f"refusals/{command.stream}", "refused", msgspec.json.encode(note), command.by, command.terminal)
        self._ledger.append([draft], at=self._clock.micros())

    def _fold(self, event: Event) -> None:
        after = self._things.fold(event)
        if after is None:
            return
        for call in (*self._followers, *self._followers_of.get(event.stream, ())):
            call(event, after)


def _check_same(command: Command, earlier: Event, kinds: Mapping[str, Kind]) -> None:
    """Raise InputError when the id of a command stands for another one: of another object or person, or other words.

    What the program gives again after a crash may be told in other words; it is the same command.
    """
    was = f"{earlier.kind} {earlier.stream} by {earlier.by}, event {earlier.seq}"
    if (earlier.stream, earlier.kind, earlier.by) != (command.stream, command.command, command.by):
        raise InputError(f"command id {command.id!r} is that of another command ({was}); an id is used once")
    rows = kinds[command.stream.partition("/")[0]].table.rows
    row = next((row for row in rows if row.command == command.command), None)
    if row is None or command.by.startswith(f"{SYSTEM}:"):
        return
    if _body(command, row)[1] != bytes(earlier.read(Recorded).given):
        raise InputError(f"command id {command.id!r} is that of {was}, which states something else; an id is used once")


def _may_sign(meaning: str, row: Row) -> AbstractSet[str]:
    """Give the rights of which a signatory needs one; beside another's signature an approval is quality's own."""
    if meaning == Meaning.VERIFIED:
        return {Right.VERIFY}
    return {Right.APPROVE} if meaning == Meaning.APPROVED and len(row.signs) > 1 else row.by


def _body(command: Command, row: Row) -> tuple[object, bytes]:
    if row.body is None:
        if command.body:
            msg = f"{command.command} takes no fields; got {', '.join(sorted(command.body))}"
            raise InputError(msg)
        return None, b"{}"
    try:
        body = row.body.model_validate(dict(command.body))
    except ValidationError as wrong:
        raise InputError(_explain(command, getattr(row.body, "model_fields", {}), wrong)) from None
    return body, body.model_dump_json().encode()


def _explain(command: Command, fields: Mapping[str, FieldInfo], wrong: ValidationError) -> str:
    """Name the field, what was given and what is allowed; of what is missing, everything at once."""
    errors = wrong.errors(include_url=False)
    first = next((error for error in errors if error["type"] == "finite_number"), errors[0])
    parts = [str(part) for part in first["loc"]]
    name = ".".join(parts[:-1] if parts[-1:] in (["str"], ["float"], ["bool"]) else parts) or "body"
    where = f"{command.command} {command.stream}: field {name}"
    if first["type"] != "missing":
        return (
            f"{where}: {said(first['type'], first.get('ctx', {}), otherwise=first['msg'])} (given: {first['input']!r})"
        )
    others = [str(error["loc"][-1]) for error in errors if error["type"] == "missing" and error is not first]
    too = f"; missing too: {', '.join(others)}" if others else ""
    return f"{where} is missing{_meant(fields.get(name))}{too}"


def _meant(one: FieldInfo | None) -> str:
    """Say what a field is, as a form would; nothing of one that lies within another."""
    words = ": ".join(part for part in (one.title, one.description) if part) if one else ""
    return f" ({words})" if words else ""
