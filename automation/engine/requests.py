"""What people ask of a site from outside its engine: direct a batch, answer a prompt, move an object.

A request is data, so that it can be carried out here or sent to the process that owns the site. Whoever asks is known
by the own secret before anything else happens.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import msgspec

from automation.engine import accounts, labpost, masters, messages, outbox, printing, subjects
from automation.engine.amending import check_open, proposal
from automation.engine.answers import Given
from automation.engine.assembly import BoundTo
from automation.engine.batches import CONTROLS, BatchRun
from automation.engine.doubts import Seat, ask, decided, decision, open_doubt
from automation.engine.recipe.model import Recipe
from automation.engine.recipe.yaml_source import nearest
from automation.engine.recorder import Recorder
from automation.engine.resting import measured
from automation.engine.site import Site
from automation.gmp.door import Command, Proof
from automation.gmp.form import Value
from automation.gmp.product.batches import Batch
from automation.gmp.words import Right
from automation.kernel.clock import since_boot
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Seconds

PATIENCE = Seconds(7200.0)  # s of simulated time; how long it is waited until an order is carried out
AT_ONCE = Seconds(5.0)  # s of real time; what takes longer goes on by itself
LOOK = Seconds(0.25)  # s; between two looks at a batch
RENEW, RESET = accounts.RENEW, accounts.RESET
KNOWN = ("direct", "answer", "do", "look", "print", "propose", "identify", "notices", "arrive", "lims", "message")
_ON_THE_WAY = frozenset({"holding", "restarting", "pausing", "stopping", "aborting"})
_DECISIONS = frozenset({"resolve", "continue"})
_SENDERS = frozenset({Right.SUPERVISE, Right.ADMINISTER, Right.MAINTAIN})
_GOES_ON = frozenset({"restart", "unpause"})


class Signer(msgspec.Struct, frozen=True):
    """One signature: who, by which secret, meaning what, and the text that was shown."""

    person: str
    secret: str
    meaning: str = ""
    shown: str = ""

    @property
    def proof(self) -> Proof:
        """Give it as the door wants it."""
        return Proof(self.person, self.secret, self.meaning, self.shown.encode())


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants: ``target`` is a batch, a prompt or an object (``kind/id``).

    The same ``id`` again is answered with what came of it the first time. ``seen`` is the version of the object that
    the person looked at: one that has moved on since is not moved. After ``until`` it is too late to begin.
    """

    what: str  # direct, answer, do, look, print, propose, identify, notices, or one of the site's jobs, arrive
    target: str
    command: str = ""
    body: dict[str, object] = {}
    by: str
    secret: str
    signers: tuple[Signer, ...] = ()
    id: str = ""
    seen: int | None = None
    until: float | None = None  # s since the machine was started
    terminal: str = ""  # where the person is; empty: a place that is not registered

    @property
    def name(self) -> str:
        """Give the id under which it is recorded: the person's own, so that it can never be one of the program's."""
        return f"{self.by}/{self.id}" if self.id else ""

    @property
    def stream(self) -> str:
        """Give the name of the stream that it moves."""
        before = {"answer": "prompt/", "identify": "subject/", "print": "label/"}
        of_batch = self.what in {"direct", "look", "propose"}
        return ("batch/" if of_batch else before.get(self.what, "")) + self.target

    @property
    def caller(self) -> accounts.Caller:
        """Give who asks, as those at the entrance want to know it."""
        return accounts.Caller(self.by, self.secret, self.stream, self.command or self.what, self.terminal)


class Done(msgspec.Struct, frozen=True):
    """What came of it: the object, the state it stands in, and the event."""

    target: str
    state: str
    seq: int
    told: dict[str, str] = {}  # for the eyes of who asked, and for no record


async def carry_out(site: Site, request: Request) -> Done:
    """Do what is asked; raises RefusedError for who or what is not allowed, InputError for what makes no sense."""
    shown = [(request.by, request.secret), *((signer.person, signer.secret) for signer in request.signers)]
    if request.what == "message":  # its signature says whose it is
        name, seq, told = await messages.take(site, request.by, request.body)
        return Done(f"message/{name}", "taken", seq, told)
    async with site.credentials.compared(shown):
        _check_terminal(site, request)
        accounts.let_in(site.house.door, site.credentials, request.caller)
        if request.until is not None and since_boot() > Seconds(request.until):
            raise RefusedError(f"{request.stream}: this command waited too long and was not carried out; give it again")
        try:
            return await _carry_out(site, request)
        except RefusedError:
            accounts.lock(site.house.door, site.credentials, [signer.person for signer in request.signers])
            raise


def _check_terminal(site: Site, request: Request) -> None:
    """Raise InputError for a terminal that the site does not have."""
    known = site.file.terminals
    if request.terminal and request.terminal not in known:
        raise InputError(f"terminal is {request.terminal!r}; {nearest(request.terminal, known)}")


def _keep_shown(site: Site, request: Request) -> None:
    """Keep what the signatures bind by its hash."""
    for signer in request.signers:
        if signer.shown:
            site.house.blobs.put(signer.shown.encode())


async def _carry_out(site: Site, request: Request) -> Done:
    _keep_shown(site, request)
    if request.what in site.jobs:
        told = await site.jobs[request.what](site, request)
        thing = site.house.door.find(*request.target.split("/", 1))
        return Done(request.target, str(thing.state), site.house.ledger.last.seq, told)
    match request.what:
        case "direct":
            return await _direct(site, request)
        case "answer":
            return await _answer(site, request)
        case "look":
            return await _look(site, request)
        case "propose":
            return await _propose(site, request)
        case "notices":
            told, seq = _notices(site, request)
            return Done(outbox.STREAM, request.command, seq, told)
        case "lims":
            told, seq = labpost.post(site, request.command, request.body, by=request.by)
            return Done(labpost.STREAM, request.command, seq, told)
        case "arrive":
            seq = labpost.arrive(site, request.target, request.body, by=request.by)
            return Done(request.target, str(site.house.door.find(*request.target.split("/", 1)).state), seq)
        case "identify":
            told, event = await subjects.identify(site, _command(request, request.stream))
            return Done(request.stream, str(site.house.door.find("subject", request.target).state), event.seq, told)
        case "print":  # the command names the printer
            move = replace(_command(request, request.stream), command="print")
            event = await printing.printed(site, move, asset=request.command)
            return Done(request.stream, str(site.house.door.find("label", request.target).state), event.seq)
        case "do" if request.command in {RENEW, RESET}:
            return await _renew(site, request)
        case "do":
            if site.house.door.earlier(request.name) is None:
                _check_decision(site, request)
                _check_approval(site, request)
                _check_exclusion(site, request)
            event = await site.house.door.submit(_command(request, request.target))
            kind, _, name = request.target.partition("/")
            if request.command == accounts.UNLOCK:
                accounts.unlocked(site.house.door, site.credentials, request.target)
            return Done(request.target, str(site.house.door.find(kind, name).state), event.seq)
    raise InputError(f"what is {request.what!r}; known: {', '.join(KNOWN)}")


async def _renew(site: Site, request: Request) -> Done:
    """Set the secret of a person: one's own, or as an administrator another's; the ledger learns that it was set."""
    person, fresh = request.target.removeprefix("person/"), str(request.body.get("secret", ""))
    own = request.by == person
    if own and fresh == request.secret:
        raise InputError("the new secret is the old one; another is needed")
    if Right.ADMINISTER in site.house.door.rights(request.by):
        accounts.check_first(site.house.door, site.credentials, request.caller)
    site.credentials.check_new(person, fresh)
    await site.credentials.check_unused(person, fresh)
    body = {"reason": request.body.get("reason") or ("changed by the person" if own else f"set by {request.by}")}
    move = _command(request, f"person/{person}")
    move = replace(move, body=body, by=accounts.PERSONNEL if own and request.command == RENEW else request.by)
    event = await site.house.door.submit(move)
    site.credentials.set(person, fresh, provisional=not own)
    return Done(f"person/{person}", str(site.house.door.find("person", person).state), event.seq)


def _notices(site: Site, request: Request) -> tuple[dict[str, str], int]:
    """Give the notices that are not sent (id to JSON), or note which ones a sender has sent."""
    if not site.house.door.rights(request.by) & _SENDERS:
        raise RefusedError(f"{request.by} may not send notices: needs the right {' or '.join(sorted(_SENDERS))}")
    recorder = Recorder(site.house.ledger, site.house.clock, outbox.STREAM)
    if request.command == "sent":
        names, how = request.body.get("ids", ()), str(request.body.get("how", ""))
        return {}, outbox.note_sent(recorder, msgspec.convert(names, tuple[str, ...]), how=how)
    levels = site.file.notices.levels if site.file.notices else ()
    found = {one.id: msgspec.json.encode(one).decode() for one in outbox.gather(recorder, site.house.door, levels)}
    return found, site.house.ledger.last.seq


def _command(request: Request, stream: str) -> Command:
    proofs = tuple(signer.proof for signer in request.signers)
    given = Command(stream, request.command, request.body, request.by, request.terminal, proofs)
    return replace(given, id=request.name, seen=request.seen)


async def _direct(site: Site, request: Request) -> Done:
    """Give an order to a batch and wait until it is carried out, or for a while when people have to act."""
    if request.command not in CONTROLS:
        raise InputError(f"command is {request.command!r}; known: {', '.join(CONTROLS)}")
    _check_step(site, request.target, step=str(request.body.get("step", "")))
    own = request.target not in site.batches
    if own and request.command in _GOES_ON and not site.file.simulated:
        raise RefusedError(f"nobody runs batch {request.target}; run it first: cellwright resume {request.target}")
    event = await site.house.door.submit(_command(request, f"batch/{request.target}"))
    work = asyncio.get_running_loop().create_task(_taken_up(site, request.target).run()) if own else None
    await _wait(site, work, lambda: _batch(site, request.target).state not in _ON_THE_WAY)
    if work is not None and request.command in {"stop", "abort"}:
        await asyncio.wait({work}, timeout=float(PATIENCE if site.file.simulated else AT_ONCE))
        if work.done():
            work.result()
    return Done(f"batch/{request.target}", str(_batch(site, request.target).state), event.seq)


async def _answer(site: Site, request: Request) -> Done:
    prompt = site.answers.prompt(request.target)
    earlier = site.house.door.earlier(request.name)
    if earlier is not None and (earlier.stream, earlier.by) == (request.stream, request.by):
        await site.house.ledger.durable(earlier.seq)
        return Done(request.stream, str(prompt.state), earlier.seq)
    given = _given(request)
    match str(prompt.state):
        case "entered":
            event = await site.answers.verify(given)
        case "locked":
            event = await site.answers.clear_line(given)
        case _:
            event = await site.answers.give(given)
    return Done(f"prompt/{prompt.id}", str(site.answers.prompt(prompt.id).state), event.seq)


def _given(request: Request) -> Given:
    comment = str(request.body.get("comment", ""))
    try:
        values = msgspec.convert(request.body.get("values", {}), dict[str, Value])
    except msgspec.ValidationError as wrong:
        raise InputError(f"values is no table of texts, numbers and yes or no: {wrong}", where=request.stream) from None
    proofs = tuple(signer.proof for signer in request.signers)
    given = Given(request.target, request.by, values, request.terminal, proofs, comment=comment)
    return replace(given, id=request.name, seen=request.seen)


async def _look(site: Site, request: Request) -> Done:
    """Ask the devices of every step of a batch that is in doubt how they stand now; each answer is recorded."""
    batch, step = _batch(site, request.target), str(request.body.get("step", ""))
    doubtful = [one for one in _check_step(site, batch.id, step=step) if _doubtful(site, batch.id, step=one)]
    for name in [one for one in doubtful if step in {"", one}]:
        house = site.house
        recorder = Recorder(house.ledger, house.clock, f"batch/{batch.id}/step/{name}", house.careful)
        bound = next((e.read(BoundTo) for e in house.ledger.stream(recorder.stream) if e.kind == "bound"), None)
        assets = dict.fromkeys(bound.assets.values() if bound else ())
        devices = [house.devices[asset] for asset in assets if asset in house.devices]  # one may be gone from the site
        await ask(recorder, [Seat(one.asset, one.driver, one.interface) for one in devices], by=request.by)
    return Done(f"batch/{batch.id}", str(batch.state), site.house.ledger.last.seq)


async def _propose(site: Site, request: Request) -> Done:
    """Propose an amendment: the body states the text of the amended recipe, its name in messages, and the reason."""
    batch, house = _batch(site, request.target), site.house
    earlier = house.door.earlier(request.name)
    if earlier is None:
        given = {name: str(request.body.get(name, "")) for name in ("recipe", "name", "reason")}
        raw = given["recipe"].encode()
        body = proposal(house, _recipe(site, batch), batch, raw=raw, name=given["name"]) | {"reason": given["reason"]}
        request = msgspec.structs.replace(request, command="propose", body=body)
    event = earlier or await house.door.submit(_command(request, request.stream))
    return Done(request.stream, str(_batch(site, batch.id).state), event.seq)


def _check_approval(site: Site, request: Request) -> None:
    """Raise InputError for the approval of an amendment that touches what has begun since it was proposed."""
    kind, _, name = request.target.partition("/")
    if (kind, request.command) == ("batch", "amend"):
        batch = _batch(site, name)
        check_open(site.house, _recipe(site, batch), batch)


def _check_exclusion(site: Site, request: Request) -> None:
    """Raise InputError for a reading to be excluded that no machine of the step has made."""
    if request.command != "exclude" or not request.target.startswith("correction/"):
        return
    given = {name: str(request.body.get(name, "")) for name in ("batch", "step", "event")}
    events = site.house.ledger.stream(f"batch/{given['batch']}/step/{given['step']}")
    if not given["event"].isdecimal() or not measured(site.house, events, int(given["event"])):
        wrong = f"event {given['event']} is no reading of a machine in step {given['step']} of {given['batch']}"
        raise InputError(f"{wrong}; its acts with their events: cellwright record {given['batch']}")


def _check_decision(site: Site, request: Request) -> None:
    """Raise RefusedError for a decision about a doubt that is not open, InputError for a step that the batch lacks."""
    kind, _, name = request.target.partition("/")
    if kind != "batch" or request.command not in _DECISIONS:
        return
    step = str(request.body.get("step", ""))
    steps = _check_step(site, name, step=step)
    if request.command != "resolve":
        return
    where, house = f"step {step} of batch {name}" if step else f"batch {name}", site.house
    streams = {one: house.ledger.stream(f"batch/{name}/step/{one}") for one in steps if step in {"", one}}
    found = [(one, doubt) for one, stream in streams.items() if (doubt := open_doubt(stream)) is not None]
    if not found:
        raise RefusedError(f"{where} has no open doubt; there is nothing to decide")
    orders = house.ledger.stream(f"batch/{name}")
    taken = [decision(doubt, orders, step=one) for one, doubt in found]
    if all(taken) and taken[0] is not None:
        said = decided(taken[0])
        told = f"{said.outcome}, by {taken[0].by}: {said.reason}"
        raise RefusedError(f"{where} is decided ({told}); it counts when the batch goes on: cellwright resume {name}")


def _check_step(site: Site, batch: str, *, step: str) -> tuple[str, ...]:
    """Give the steps of a batch; raises InputError for one that it does not have."""
    steps = _steps(site, _batch(site, batch)) if step else _begun(site, batch)
    if step and step not in steps:
        raise InputError(f"batch {batch} has no step {step!r}; {nearest(step, steps)}")
    return steps


def _steps(site: Site, batch: Batch) -> tuple[str, ...]:
    planned = (step.id for step in _recipe(site, batch).steps)
    return tuple(dict.fromkeys((*planned, *_begun(site, batch.id))))  # also later rounds


def _recipe(site: Site, batch: Batch) -> Recipe:
    """Give the recipe that a batch goes by."""
    if batch.id in site.batches:
        return site.batches[batch.id].recipe
    return masters.recall(site.folder, batch, site.house.operations)


def _begun(site: Site, batch: str) -> tuple[str, ...]:
    """Give the steps that have a record."""
    prefix = f"batch/{_batch(site, batch).id}/step/"
    streams = (event.stream for event in site.house.ledger.events(prefix=prefix))
    return tuple(sorted({stream.removeprefix(prefix) for stream in streams}))


def _doubtful(site: Site, batch: str, *, step: str) -> bool:
    """Tell whether the record of a step has an act of which nobody knows whether it took effect."""
    return open_doubt(site.house.ledger.stream(f"batch/{batch}/step/{step}")) is not None


async def _wait(site: Site, work: "asyncio.Task[str] | None", over: Callable[[], bool]) -> None:
    """Wait a while until something is so; raises what ended the work."""
    clock = site.house.clock
    last = clock.now() + (PATIENCE if clock.simulated else AT_ONCE)
    while not over() and clock.now() < last:
        if work is not None and work.done():
            work.result()
            return
        await clock.sleep(LOOK)


def _taken_up(site: Site, batch: str) -> BatchRun:
    return site.take_up(masters.recall(site.folder, _batch(site, batch), site.house.operations), batch)


def _batch(site: Site, name: str) -> Batch:
    thing = site.house.door.find("batch", name)
    if not isinstance(thing, Batch) or thing.state == "absent":
        there = ", ".join(one.id for one in site.house.door.every("batch")) or "none"
        raise InputError(f"batch {name!r} is not known at this site; known: {there}")
    return thing
