"""An abort overtakes everything that is queued, down to the link; measured in frames on the link of the device."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from automation.bootstrap import Way
from automation.engine.journal import Enter
from automation.engine.site import Site
from automation.kernel.clock import run_simulated
from automation.kernel.effect import URGENT
from automation.kernel.errors import CellwrightError
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Event
from fakes.faults import Fault, FaultKind, Faults
from instruments.transport import Link, MemoryStream
from tests.support.runs import BATCH, Hook, make_site, plant_of, run_batch, when
from tests.support.scenes import order
from tests.support.supervisor import on_call

SLOW = 1.5  # s that a device takes to answer
QUEUED = 5  # questions that others ask on the same link at that moment


class Frames(Faults):
    """A plan of faults that notes of every frame on which link it went out, and whether an abort asked for it."""

    def __init__(self) -> None:
        """Plan nothing yet, but count from the beginning."""
        super().__init__((Fault("no link", 1, FaultKind.NOISE),))
        self.sent: list[tuple[str, bool]] = []

    def next(self, link: str) -> Fault | None:
        """Note a frame, and give the fault that hits it."""
        self.sent.append((link, URGENT.get()))
        return super().next(link)


@dataclass(slots=True)
class Wire:
    """What is on one link: how many frames had been sent when the abort was ordered, and what others were answered."""

    asset: str
    frames: Frames = field(default_factory=Frames)
    before: int = -1
    others: list[str] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def after(self) -> list[bool]:
        """Tell of each frame after the order whether the abort asked for it."""
        return [urgent for link, urgent in self.frames.sent[self.before :] if link == self.asset]


def abort(site: Site, wire: Wire) -> None:
    """Let others ask the device, and order the abort in the same moment."""

    async def ask() -> None:
        try:
            await site.house.devices[wire.asset].driver.identify()  # type: ignore[attr-defined]  # any driver has it
        except CellwrightError as lost:
            wire.others.append(str(lost))
        else:
            wire.others.append("answered")

    async def both() -> None:
        wire.tasks += [asyncio.get_running_loop().create_task(ask()) for _ in range(QUEUED)]
        await asyncio.sleep(0)
        wire.before = len(wire.frames.sent)
        assert order(site, "abort") == ""

    wire.tasks.append(asyncio.get_running_loop().create_task(both()))


def slowly(site: Site, asset: str, do: Callable[[], object]) -> None:
    """Let the next answer of a device come late, and something happen while it is awaited."""
    faults = plant_of(site).faults
    faults.add(Fault(asset, faults.acts.get(asset, 0) + 1, FaultKind.DELAY_REPLY, Seconds(SLOW)))
    asyncio.get_running_loop().call_later(SLOW / 3, do)


def act_in_flight(wire: Wire) -> Hook:
    """Abort while the freezer has not answered that it started."""
    return lambda site: on_call(site, "freeze", "start", lambda: slowly(site, wire.asset, lambda: abort(site, wire)))


def prompt_open(wire: Wire) -> Hook:
    """Abort while people are asked to scan and load."""
    return lambda site: when(site, "freeze", "ready for product", lambda: abort(site, wire), after=1.0)


def hold_under_way(wire: Wire) -> Hook:
    """Abort while the holding visit asks the freezer, which answers slowly."""

    def hook(site: Site) -> None:
        when(site, "freeze", "ready for product", lambda: order(site, "hold"), after=1.0)
        _within(site, "freeze", "holding", lambda: slowly(site, wire.asset, lambda: abort(site, wire)))

    return hook


def restart_under_way(wire: Wire) -> Hook:
    """Abort while the restarting visit asks the washer, which answers slowly."""

    def hook(site: Site) -> None:
        when(site, "wash", "washing", lambda: order(site, "hold"), after=200.0)
        when(site, "wash", "washing", lambda: order(site, "restart"), after=400.0)
        _within(site, "wash", "restarting", lambda: slowly(site, wire.asset, lambda: abort(site, wire)))

    return hook


def _within(site: Site, step: str, side: str, do: Callable[[], object]) -> None:
    """Let something happen when a step enters a side visit."""

    def look(event: Event) -> None:
        if event.stream == f"batch/{BATCH}/step/{step}" and event.kind == "enter" and event.read(Enter).within == side:
            do()

    site.house.ledger.subscribe(look)


SCENES: dict[str, tuple[Callable[[Wire], Hook], str, str]] = {
    "an act in flight": (act_in_flight, "crf-01", "freeze-day"),
    "a prompt open": (prompt_open, "crf-01", "freeze-day"),
    "a hold under way": (hold_under_way, "crf-01", "freeze-day"),
    "a restart under way": (restart_under_way, "washer-01", "final-day"),
}


@pytest.mark.requirement("F005")
@pytest.mark.parametrize("scene", SCENES)
def test_what_an_abort_asks_is_the_next_frame_on_the_link(tmp_path: Path, scene: str) -> None:
    """Five questions of others wait on the same link: no frame of theirs goes out before those of the abort."""
    plant, asset, recipe = SCENES[scene]
    wire = Wire(asset)
    run = run_batch(make_site(tmp_path), plant(wire), way=Way(faults=wire.frames), recipe=recipe)
    assert True in wire.after, "the aborting visit asked the device nothing"
    assert wire.after.index(True) == 0, "so many frames of others went out first"
    assert run.state == "closed"


@pytest.mark.requirement("F005")
def test_those_who_were_overtaken_are_answered_afterwards(tmp_path: Path) -> None:
    """Nobody's question is lost: it waits until the way is open to all again."""
    wire = Wire("crf-01")
    run = run_batch(make_site(tmp_path), prompt_open(wire), way=Way(faults=wire.frames))
    assert run.state == "closed"
    assert wire.others == ["answered"] * QUEUED


@pytest.mark.requirement("F005")
def test_an_urgent_frame_goes_before_those_that_wait_and_the_way_opens_again() -> None:
    """On the bare link: one exchange in flight, two that wait, then an urgent one with the way cleared."""
    sent: list[bytes] = []

    async def main() -> None:
        stream = MemoryStream(sent.append)
        link = Link(stream)
        await link.open()

        async def say(frame: bytes, *, urgent: bool = False) -> None:
            URGENT.set(urgent)
            try:
                await link.exchange(frame, len, deadline=Seconds(1.0))
            except CellwrightError:
                return

        tasks = [asyncio.create_task(say(frame)) for frame in (b"1", b"2", b"3")]
        await asyncio.sleep(0)
        link.clear_way()
        tasks.append(asyncio.create_task(say(b"!", urgent=True)))
        await asyncio.gather(*tasks)

    run_simulated(lambda _clock: main(), start=Instant(0.0))
    assert sent == [b"1", b"!", b"2", b"3"]
