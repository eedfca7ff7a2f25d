"""A live site for tests: devices in processes of their own, people at terminals, the program in a third process.

The devices are served fakes on loopback ports, which a live site takes for what they say they are. People act through
the owner's socket, with secrets of their own. Nothing waits longer than ``LONGEST``.
Units: s of real time.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from automation.bootstrap import open_site
from automation.engine.caller import ask
from automation.engine.requests import Request, Signer, carry_out
from automation.engine.site import Site
from automation.gmp.door import Command, Proof
from automation.gmp.form import Value
from automation.gmp.people.prompts import SIGNING, Prompt
from automation.gmp.words import Meaning
from automation.kernel.clock import SystemClock
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.views.objects import Objects
from fakes.eurotherm import EurothermFreezer, build
from fakes.serve import rebuild
from fakes.world import World
from tests.support.commands import cellwright

T = TypeVar("T")
LONGEST = 20.0
LOOK = Seconds(0.05)
DEVICES = ("crf-01", "logger-01")
BAGS = {"BAG-1": "A999926000017", "BAG-2": "A999926000018"}  # with the donation number of each
PAPER: Mapping[str, Value] = {
    "seal": "SL-1",
    "lowest": 3.0,
    "highest": 6.0,
    "condition": "intact",
    "exposure": 5.0,
    "position": "LN2-1/R1/B1/01",
    "temperature": -180.0,
}
PEOPLE = {"anna": "operator", "ben": "operator", "carla": "supervisor", "dora": "quality", "erik": "engineer"}
ADMIN = "admin"
ASSETS = """\
assets:
  crf-01:
    class: controlled rate freezer
    driver: eurotherm_modbus
    port: {freezer}
    settings: {{power_fail: continue}}
    maker: Eurotherm
    model: "2408"
    serial: "2408-0077"
  logger-01:
    class: temperature probes
    driver: keysight_34970a
    port: {logger}
    settings: {{channels: "101=sample,102=chamber", plate_serial: MY-34970}}
    maker: Agilent Technologies
    model: 34970A
    serial: MY-34970
    firmware: {firmware}
    needs_cleaning: false
"""
RECIPE = """\
recipe: {id: live-short, version: "1", title: A short freezing run, status: draft}
product: {name: Cells of nobody, container: bag}
equipment: {freezer: controlled-rate freezer, probes: temperature probes}
materials:
  - {name: cassette, what: Cassette, quantity: 1 pcs, step: freeze}
steps:
  - id: receive
    operation: receive
    given: {transport_lowest: 2 degC, transport_highest: 8 degC, exposure_longest: 60 min, warn_at: 70 %}
  - id: freeze
    operation: freeze
    equipment: {freezer: freezer, probes: probes}
    given:
      name: SHORT
      program:
        - {type: hold, target: 20 degC, dwell: 1 s}
        - {type: ramp, rate: 60 K/min, target: 19 degC}
        - {type: hold, target: 19 degC, dwell: 1 s}
      power_fail: [continue]
      load_at: 20 degC
      load_tolerance: 5 K
      cool_within: 60 s
      sample_ready: 25 degC
      ready_within: 60 s
      every: 1 s
      longest: 10 min
      acceptance:
        nucleation_highest: -5 degC
        nucleation_lowest: -12 degC
        rise: 1 K
        rise_within: 60 s
        plateau_band: 1 K
        plateau_longest: 600 s
        rate_from: -10 degC
        rate_to: -40 degC
        slowest: 0.5 K/min
        fastest: 2 K/min
        end_highest: -80 degC
        faults_allowed: 0
        gap_longest: 60 s
        lag_least: 1 K
        lag_within: 180 s
        jump: 8 K
        jump_within: 30 s
    signatures: [performed, verified]
time_limits:
  - {name: out of the cooler, from: receive.accept, to: freeze.refuse, max: 60 min, warn_at: 70 %}
"""


def secret_of(person: str) -> str:
    """Give what only this person knows."""
    return f"{person}'s own secret"


@dataclass(frozen=True, slots=True)
class Served:
    """A device in a process of its own."""

    process: "subprocess.Popen[str]"
    port: str
    log: Path

    def starts(self) -> int:
        """Let a freezer live through its log and give its own count of program starts."""
        freezer: EurothermFreezer = build(World(1), "freezer", {})
        rebuild(freezer, self.log, name="eurotherm_freezer")
        return freezer.acts["start"]


@contextlib.contextmanager
def served(model: str, log: Path) -> Iterator[Served]:
    """Serve a fake while the block runs; it is stopped by its own id."""
    words = [sys.executable, "-m", "automation", "fakes", "serve", model, "--tcp", "0", "--log", str(log)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Served(process, process.stdout.readline().strip(), log)
        finally:
            process.terminate()
            process.wait(timeout=LONGEST)


def site_text(folder: Path, **ports: str) -> str:
    """Give the file of a founded live site with two devices."""
    written = (folder / "site.yaml").read_text(encoding="utf-8")
    return written.replace("assets: {}\n", ASSETS.format(**{"firmware": "13-2-2", **ports}))


def found(folder: Path, freezer: str, logger: str) -> Path:
    """Found a live site: the first administrator, the devices in its file, and a recipe beside it."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CELLWRIGHT_NEW_SECRET", secret_of(ADMIN))
        said = cellwright("init", folder, "--name", "Suite 9", "--admin", ADMIN, "--admin-name", "Ada Admin")
    assert said.status == 0, said.err
    (folder / "site.yaml").write_text(site_text(folder, freezer=freezer, logger=logger), encoding="utf-8")
    (folder / "short.yaml").write_text(RECIPE, encoding="utf-8")
    return folder


def at_site(folder: Path, job: Callable[[Site], Awaitable[T]]) -> T:
    """Open a site in real time in this process, let a job be done there, and close it."""

    async def main() -> T:
        site = await open_site(folder)
        try:
            return await job(site)
        finally:
            await site.leave()

    return asyncio.run(main())


async def furnish(site: Site) -> None:
    """Enter everything that a live site demands before its first batch, each by whom it takes."""
    submit = site.house.door.submit
    for person, role in PEOPLE.items():
        named = {"name": person.title(), "roles": [role], "staff": f"S-{person}"}
        await submit(Command(f"person/{person}", "register", named, ADMIN))
        site.credentials.set(person, secret_of(person))  # of the own choice; who gives another one is asked for more
        for operation in ("receive", "freeze"):
            await submit(Command(f"person/{person}", "train", {"operation": operation}, ADMIN))
    due = {"due": "2099-12-31", "certificate": "C-1"}
    for asset in DEVICES:
        await sign(site, "dora", f"asset/{asset}", "qualify", due)
        await sign(site, "dora", f"asset/{asset}", "permit", {"reason": "engineering lots"})
        await submit(Command(f"asset/{asset}", "calibrate", due, "erik"))
    await submit(Command("asset/crf-01", "clean", {"procedure": "SOP-7"}, "anna"))
    lot = {"what": "cassette", "supplier": "Supplies", "quantity": 9, "unit": "pcs", "expiry": "2099-12-31"}
    await submit(Command("lot/CASS-1", "receive", lot, "anna"))
    await sign(site, "dora", "lot/CASS-1", "release", {})
    for bag, din in BAGS.items():
        body = {"identity": f"CH{din}", "din": din, "kind": "bag20", "volume_ml": 20.0, "sealed_with": "SL-1"}
        await submit(Command(f"container/{bag}", "expect", body, "carla"))


async def sign(site: Site, by: str, target: str, command: str, body: Mapping[str, object]) -> None:
    """Let a person approve something under signature."""
    proofs = (Proof(by, secret_of(by), Meaning.APPROVED, command.encode()),)
    await site.house.door.submit(Command(target, command, body, by, proofs=proofs))


async def do(site: Site, by: str, target: str, command: str, body: Mapping[str, object]) -> None:
    """Let a person who shows the own secret move an object."""
    await carry_out(site, wish(by, target, command, body))


def wish(by: str, target: str, command: str, body: Mapping[str, object], *, secret: str = "") -> Request:
    """Give what a person wants of an object, or of a batch when no kind stands before its id."""
    what = "do" if "/" in target else "direct"
    word = secret or secret_of(by)
    return Request(what=what, target=target, command=command, body=dict(body), by=by, secret=word)


@contextlib.contextmanager
def program(folder: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command in a process of its own; one that is not over when the block ends is killed."""
    command = [sys.executable, "-m", "automation", *words, "--site", str(folder)]
    environment = {**os.environ, "CELLWRIGHT_SECRET": secret_of("carla")}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, text=True, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        except BaseException as error:
            process.kill()
            error.add_note("".join(process.communicate(timeout=LONGEST)))
            raise
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=LONGEST)


@dataclass(frozen=True, slots=True)
class Bench:
    """The people at the terminals of a site that another process owns."""

    folder: Path
    batch: str

    def until(self, over: Callable[[list[Event]], bool]) -> list[Event]:
        """Answer whatever is asked until the record is so; gives the events. Fails after ``LONGEST`` s."""
        return asyncio.run(self._until(over))

    async def _until(self, over: Callable[[list[Event]], bool]) -> list[Event]:
        clock = SystemClock()
        end = clock.now() + Seconds(LONGEST)
        while not over(found := events(self.folder)):
            assert clock.now() < end, f"not so within {LONGEST:g} s; the record ends with {found[-1]}"
            self._look_round()
            await clock.sleep(LOOK)
        return found

    def _look_round(self) -> None:
        with contextlib.suppress(FileNotFoundError), Reader(self.folder) as reader:
            objects = Objects(reader)
            asking = [thing for thing in objects.every("prompt") if isinstance(thing, Prompt) and thing.asking]
            held = objects.find("batch", self.batch).state == "held"
        with contextlib.suppress(RefusedError):  # the owner does not listen yet
            for prompt in asking:
                ask(self.folder, answer(prompt))
            if held:
                order = {"reason": "looked at: the curve is that of an empty chamber"}
                ask(self.folder, wish("carla", self.batch, "restart", order))


def answer(prompt: Prompt) -> Request:
    """Give what a person at the bench answers: as the papers say; the first option of a choice."""
    if prompt.state == "entered":
        return _signed("ben", prompt, {}, ("",))
    opening = prompt.opening
    assert opening is not None
    values: dict[str, Value] = {}
    match str(opening.kind):
        case "scan":
            code = opening.accept[0]
            values = {"code": f"&/{code}" if code.startswith("CH") else f"={code}00"}
        case "enter":
            values = {one.name: PAPER[one.name] for one in opening.fields}
        case "choose":
            values = {"choice": opening.options[0]}
    return _signed("anna", prompt, values, tuple(SIGNING.get(prompt.wants, ())))


def _signed(by: str, prompt: Prompt, values: Mapping[str, Value], meanings: tuple[str, ...]) -> Request:
    who = (by, "ben")
    signers = tuple(Signer(p, secret_of(p), m, prompt.id) for p, m in zip(who, meanings, strict=False))
    body: dict[str, object] = {"values": dict(values)}
    return Request(what="answer", target=prompt.id, body=body, by=by, secret=secret_of(by), signers=signers)


def events(folder: Path) -> list[Event]:
    """Give all events of a site's ledger."""
    with Reader(folder) as reader:
        return list(reader.events())
