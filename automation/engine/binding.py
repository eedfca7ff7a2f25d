"""The binding: every effect on an instrument goes through here, is gated, numbered and recorded.

Before an act: *call*, durable. After it: *reply*. On restart the journal answers until it runs out; an open call is
settled by its kind. A doubt that the device can't settle waits for a person, and nothing is sent meanwhile.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import coroutine
from typing import Protocol, Self, cast, get_type_hints

import msgspec

from automation.engine.doubts import Seat, ask
from automation.engine.handles import Container, Lot
from automation.engine.intake import Intake
from automation.engine.journal import (
    DEFECTIVE,
    Called,
    Fell,
    Journal,
    Replied,
    Resolved,
    raised,
)
from automation.engine.recorder import Recorder
from automation.engine.tape import by_person, introduce, take_in, take_tape
from automation.kernel.effect import Call, Done, Effect, Kind, NotDone, Reconciled, Unknown, effects
from automation.kernel.errors import (
    CellwrightError,
    FailedError,
    LinkError,
    RefusedError,
    UnknownError,
    WireError,
)
from automation.ledger.event import Event

QUERY_TRIES = 3
ACT_TRIES = 3
_encode = msgspec.json.Encoder(decimal_format="string").encode


class Gates(Protocol):
    """What has to be true before an act begins; asked by the binding at every effect."""

    def check(self, asset: str, effect: Effect, touched: tuple[Container | Lot, ...]) -> None:
        """Raise GateError or IdentityError when the act may not begin."""
        ...


@dataclass(slots=True)
class Stay:
    """One visit at run time: its journal, the effect in flight, and the gate that a hold closes."""

    number: int
    journal: Journal
    free: asyncio.Event
    n: int = 0
    outstanding: str = ""
    asked: int = 0
    acting: bool = False
    aborted: bool = False  # whatever the device has not answered yet is in doubt
    _rested: asyncio.Future[None] | None = None
    doubts: dict[int, asyncio.Future[Resolved]] = field(default_factory=dict)
    on_doubt: Callable[[int, str], None] = lambda _n, _why: None

    def begin(self, what: str) -> int:
        """Number an effect; a second one while one is outstanding is a mistake of the protocol."""
        if self.outstanding:
            msg = f"{what} was asked while {self.outstanding} is not finished: one effect at a time in a visit"
            raise CellwrightError(msg)
        self.outstanding = what
        self.asked = 0
        self.n += 1
        return self.n

    def end(self) -> None:
        """Note that the effect is finished."""
        self.outstanding = ""

    def act(self, *, acting: bool) -> None:
        """Note that bytes are on their way, or that the act came back."""
        self.acting = acting
        if not acting and self._rested is not None and not self._rested.done():
            self._rested.set_result(None)

    async def rest(self) -> None:
        """Wait until the act in flight has come back."""
        if self.acting:
            self._rested = asyncio.get_running_loop().create_future()
            await self._rested

    async def passage(self) -> None:
        """Wait while the step is held or paused."""
        if not self.free.is_set():
            await self.free.wait()


STAY: ContextVar[Stay] = ContextVar("stay")
"""The visit whose method runs in this task."""


class _Rest:
    """The rest of a coroutine that was begun by hand: first what it waits for, then itself."""

    __slots__ = ("_call", "_waited_for")

    def __init__(self, call: Coroutine[object, object, object], waited_for: object) -> None:
        self._call = call
        self._waited_for = waited_for

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> object:
        waited_for, self._waited_for = self._waited_for, None
        return waited_for if waited_for is not None else self._call.send(None)

    def throw(self, thrown: BaseException) -> object:
        """Pass on what ended the wait, for example a cancellation."""
        return self._call.throw(thrown)

    def close(self) -> None:
        """Close the coroutine."""
        self._call.close()


@coroutine
def _go_on(call: Coroutine[object, object, object], waited_for: object) -> Generator[object, object, object]:
    """Await the rest of a coroutine that was begun by hand."""
    return (yield from _Rest(call, waited_for))


class Bound:
    """One bound method of one asset: called it is recorded, sampled it is only looked at."""

    __slots__ = ("_binding", "_call", "asset", "device", "effect", "method", "returns", "what")

    def __init__(self, binding: "Binding", asset: str, device: object, *, method: str, effect: Effect) -> None:
        self._binding = binding
        self._call = getattr(device, method)
        self.asset = asset
        self.device = device
        self.method = method
        self.effect = effect
        self.what = f"{asset}.{method}"
        self.returns: object = None

    async def __call__(self, **arguments: object) -> object:
        """Perform the effect on the record."""
        return await self._binding.perform(self, arguments)

    async def sample(self) -> object:
        """Look without an event; only what changes nothing may be sampled. Raises what the driver raises."""
        if self.effect.kind is not Kind.QUERY:
            msg = f"{self.what} changes the world and can't be sampled"
            raise CellwrightError(msg)
        try:
            return await self.send({})
        finally:
            take_tape(self.device)

    async def send(self, arguments: Mapping[str, object]) -> object:
        """Call the driver within the declared deadline."""
        call = self._call(**arguments)
        try:
            waited_for = call.send(None)  # most exchanges in memory are over without waiting once
        except StopIteration as done:
            return done.value
        async with asyncio.timeout(float(self.effect.deadline)):
            return await _go_on(call, waited_for)

    async def send_freely(self, arguments: Mapping[str, object]) -> object:
        """Call a driver that waits for a person; its prompts have deadlines of their own."""
        return await self._call(**arguments)


class Binding:
    """Binds assets for one step and records every effect on them."""

    def __init__(self, recorder: Recorder, gates: Gates, *, intake: Intake | None = None) -> None:
        """Write to a step's stream; ask these gates; ``intake`` takes what drivers find in files."""
        self._recorder = recorder
        self._gates = gates
        self._intake = intake
        self._seats: dict[str, Seat] = {}

    def bind(self, asset: str, device: object, interface: type) -> object:
        """Give an object with the interface's methods, each recorded; raises CellwrightError for an undeclared one."""
        self._seats[asset] = Seat(asset, device, interface)
        if self._intake is not None:
            introduce(device, self._intake)
        members: dict[str, Bound] = {}
        for name, declared in effects(interface).items():
            bound = Bound(self, asset, device, method=name, effect=declared)
            bound.returns = get_type_hints(getattr(interface, name)).get("return", object)
            members[name] = bound
        return type(f"Bound{interface.__name__}", (), {"__slots__": (), **members})()

    async def perform(self, bound: Bound, arguments: Mapping[str, object]) -> object:
        """Answer from the journal, or do it: gate, record, send, record."""
        stay = STAY.get()
        n = stay.begin(bound.what)
        try:
            args = _encode(arguments) if arguments else b"{}"
            doing = Doing(stay, n, bound, arguments, args)
            entry = stay.journal.check(n, bound.what, args)
            if entry is not None and entry.outcome is not None:
                return await self._recorded(doing, entry.outcome, entry.attempt)
            await stay.passage()
            if entry is not None and entry.called is not None:
                return await self._settle(doing, entry.attempt)
            if bound.effect.kind is Kind.QUERY and not by_person(bound.device, bound.method):
                return await self._read(doing)
            return await self._act(doing, attempt=1)
        finally:
            stay.end()

    async def _recorded(self, doing: "Doing", event: Event, attempt: int) -> object:
        if event.kind in {"refused", "failed"}:
            raise raised(event)
        if event.kind == "doubt":
            return await self._ask_person(doing, attempt)
        if event.kind == "resolved":
            return await self._resolved(doing, event.read(Resolved), attempt)
        return _decode(bytes(event.read(Replied).value), doing.bound)

    def _pass_gates(self, doing: "Doing") -> None:
        """Ask the gates before anything is sent; what makes the product safe is never stopped by them."""
        bound = doing.bound
        touched = _touched(bound.effect, doing.arguments)
        try:
            self._gates.check(bound.asset, bound.effect, touched)
        except RefusedError as refusal:
            if not bound.effect.making_safe:
                self._fell("refused", doing, refusal)
                raise
            self._fell("overridden", doing, refusal)

    async def _read(self, doing: "Doing") -> object:
        bound, stay = doing.bound, doing.stay
        self._pass_gates(doing)
        tries = QUERY_TRIES
        while True:
            tries -= 1
            try:
                value = await bound.send(doing.arguments)
                raw = _checked(value, bound)
                if self._intake is not None:
                    take_in(bound.device, bound.asset, self._intake)
            except RefusedError as refusal:
                self._fell("refused", doing, refusal)
                raise
            except (UnknownError, TimeoutError, FailedError) as trouble:
                if tries:
                    continue
                error = trouble if isinstance(trouble, CellwrightError) else LinkError(f"{bound.what}: no answer")
                self._fell("failed", doing, error)
                raise error from None
            break
        wire = take_tape(bound.device)
        body = Replied(stay.number, doing.n, msgspec.Raw(raw), wire, bound.asset, bound.method, msgspec.Raw(doing.args))
        await self._recorder.ledger.durable(self._recorder.write("read", body).seq)
        return value

    async def _act(self, doing: "Doing", *, attempt: int) -> object:
        bound, stay = doing.bound, doing.stay
        await stay.passage()
        self._pass_gates(doing)
        body = Called(
            stay.number,
            doing.n,
            bound.asset,
            bound.method,
            msgspec.Raw(doing.args),
            str(bound.effect.kind),
            attempt,
        )
        called = self._recorder.write("call", body)
        await self._recorder.before_act(called)
        person = by_person(bound.device, bound.method)
        stay.act(acting=not person)
        value, raw, lost = None, b"", ""
        try:
            value = await (bound.send_freely(doing.arguments) if person else bound.send(doing.arguments))
            raw = _checked(value, bound)
        except RefusedError as refusal:
            self._fell("refused", doing, refusal, cause=called.seq)
            raise
        except FailedError as failure:
            self._fell("failed", doing, failure, cause=called.seq)
            raise
        except (UnknownError, TimeoutError) as trouble:
            raw, lost = b"", str(trouble) or f"{bound.what}: no answer within {bound.effect.deadline:g} s"
        except asyncio.CancelledError:
            if stay.aborted and not person:
                left = UnknownError("aborted before the device had answered; look at the device")
                self._fell("doubt", doing, left, cause=called.seq)
            raise
        finally:
            stay.act(acting=False)
        if not raw:
            return await self._settle(doing, attempt, lost=lost)
        reply = Replied(stay.number, doing.n, msgspec.Raw(raw), take_tape(bound.device))
        await self._recorder.ledger.durable(self._recorder.write("reply", reply, cause=called.seq).seq)
        return value

    async def _settle(self, doing: "Doing", attempt: int, *, lost: str = "") -> object:
        """Settle an open call by its kind; a set is set again, an act is asked about, never repeated blindly."""
        bound = doing.bound
        asked = by_person(bound.device, bound.method)
        if asked or (bound.effect.kind is Kind.SET_ABSOLUTE and attempt < ACT_TRIES):
            return await self._act(doing, attempt=attempt + 1)
        found = await self._reconcile(doing)
        if isinstance(found, Done):
            raw = msgspec.Raw(_encode(found.reply))
            reply = Replied(doing.stay.number, doing.n, raw, take_tape(bound.device), reconciled=True)
            await self._recorder.ledger.durable(self._recorder.write("reply", reply).seq)
            return _decode(bytes(raw), bound)
        if isinstance(found, NotDone) and attempt < ACT_TRIES:
            return await self._act(doing, attempt=attempt + 1)
        why = "the device shows that it did not happen, again and again"
        if not isinstance(found, NotDone):
            why = found.why or "the device can't say whether it happened"
        told = f"{lost}; asked about it: {why}" if lost not in why else why
        self._fell("doubt", doing, UnknownError(told), cause=0)
        return await self._ask_person(doing, attempt)

    @staticmethod
    async def _reconcile(doing: "Doing") -> Reconciled:
        bound = doing.bound
        ask = getattr(bound.device, "reconcile", None)
        if ask is None:
            return Unknown("the driver has no way to ask the device")
        doing.stay.act(acting=True)
        try:
            async with asyncio.timeout(float(bound.effect.deadline)):
                return cast("Reconciled", await ask(Call(bound.asset, bound.method, dict(doing.arguments))))
        except TimeoutError:
            return Unknown("the device could not be asked: no answer in time")
        except (UnknownError, FailedError, RefusedError) as trouble:
            return Unknown(f"the device could not be asked: {trouble}")
        finally:
            doing.stay.act(acting=False)

    async def _ask_person(self, doing: "Doing", attempt: int) -> object:
        """Wait until a person decides; the step is held meanwhile."""
        stay = doing.stay
        decision: asyncio.Future[Resolved] = asyncio.get_running_loop().create_future()
        stay.doubts[doing.n] = decision
        stay.on_doubt(doing.n, doing.bound.what)
        try:
            await self._ask_round(stay)
            resolved = await decision
        finally:
            del stay.doubts[doing.n]
        return await self._resolved(doing, resolved, attempt)

    async def _ask_round(self, stay: Stay) -> None:
        """Ask all devices of the step how they stand, for who has to decide."""
        stay.act(acting=True)
        try:
            await ask(self._recorder, self._seats.values())
        finally:
            stay.act(acting=False)

    async def _resolved(self, doing: "Doing", resolved: Resolved, attempt: int) -> object:
        if resolved.outcome == DEFECTIVE:
            error = FailedError(f"{doing.bound.what}: {doing.bound.asset} is defective ({resolved.reason})")
            self._fell("failed", doing, error)
            raise error
        await doing.stay.passage()
        if resolved.outcome != "done":
            return await self._act(doing, attempt=attempt + 1)
        if doing.bound.returns in {None, type(None)}:
            return None
        return await self._reply_of(doing)

    async def _reply_of(self, doing: "Doing") -> object:
        """Give the reply of an act that a person has seen to be done: the driver knows or reads what it would be."""
        bound = doing.bound
        ask = getattr(bound.device, "reply_of", None)
        try:
            if ask is None:
                msg = f"{bound.what} is done, as a person has seen; what it would have answered is not known"
                raise FailedError(msg)
            async with asyncio.timeout(float(bound.effect.deadline)):
                value: object = await ask(Call(bound.asset, bound.method, dict(doing.arguments)))
            raw = _checked(value, bound)
        except (CellwrightError, TimeoutError) as trouble:
            error = trouble if isinstance(trouble, CellwrightError) else LinkError(f"{bound.what}: no answer")
            self._fell("failed", doing, error)
            raise error from None
        reply = Replied(doing.stay.number, doing.n, msgspec.Raw(raw), take_tape(bound.device), reconciled=True)
        await self._recorder.ledger.durable(self._recorder.write("reply", reply).seq)
        return value

    def _fell(self, kind: str, doing: "Doing", error: Exception, *, cause: int | None = None) -> None:
        """Record how an effect ended badly; with a cause the call event already says what was asked."""
        bound = doing.bound
        named = (bound.asset, bound.method, msgspec.Raw(doing.args)) if cause is None else ()
        body = Fell(doing.stay.number, doing.n, type(error).__name__, str(error), take_tape(bound.device), *named)
        self._recorder.write(kind, body, cause=cause or None)


@dataclass(frozen=True, slots=True)
class Doing:
    """One effect in flight: whose visit, which number, what is asked with what."""

    stay: Stay
    n: int
    bound: Bound
    arguments: Mapping[str, object]
    args: bytes


def _touched(declared: Effect, arguments: Mapping[str, object]) -> tuple[Container | Lot, ...]:
    found: list[Container | Lot] = []
    for name in declared.touches:
        value = arguments.get(name, ())
        handles = value if isinstance(value, tuple | list) else (value,)
        for handle in handles:
            if not isinstance(handle, Container | Lot):
                msg = f"{name} is {handle!r}; a handle from a verified scan or a recorded transfer is needed"
                raise CellwrightError(msg)
            found.append(handle)
    return tuple(found)


def _checked(value: object, bound: Bound) -> bytes:
    """Encode a reply; raises WireError for a number that is none."""
    if isinstance(value, float) and not math.isfinite(value):
        msg = f"{bound.what} gave {value}, which is no number"
        raise WireError(msg)
    raw = _encode(value)
    if b"null" in raw and value is not None:
        try:
            _decode(raw, bound)
        except msgspec.ValidationError as wrong:
            msg = f"{bound.what} gave something that is no number: {wrong}"
            raise WireError(msg) from None
    return raw


def _decode(raw: bytes, bound: Bound) -> object:
    if bound.returns in {None, type(None)}:
        return None
    return msgspec.json.decode(raw, type=bound.returns)
