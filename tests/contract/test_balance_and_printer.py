"""Balance and label printer over real pty and TCP, and clients that are not ours on the same fakes; units g."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator

import pytest
from zebrafy.zebrafy_zpl import ZebrafyZPL

from automation.engine.handles import Container
from automation.kernel.clock import SystemClock
from fakes.mt_sics import FakeMtSics
from fakes.serve import FastClock, Seat, Server, serving
from fakes.world import World
from fakes.zpl_printer import FakeZplPrinter
from instruments.drivers.mt_sics.driver import MtSicsBalance
from instruments.drivers.zpl_printer.driver import ZplPrinter
from instruments.drivers.zpl_printer.templates import Stock, draw
from instruments.interfaces.balance import Weight
from instruments.interfaces.label_printer import Label
from instruments.transport import Link
from instruments.transport.ports import open_stream

LABEL = Label("L-0042", "=A99992612345600", ("Küvette ^XZ ~JA", "50 mL_\\&"), marks=("SIMULATED", "REPRINT"))
TRANSPORTS = pytest.mark.parametrize("tcp", [None, 0], ids=["pty", "tcp"])

pytestmark = pytest.mark.requirement("C06", "C07")


def quick() -> FastClock:
    """Give a clock for fakes that settle and print twenty times as fast."""
    return FastClock(SystemClock(), speed=20.0)


@contextlib.contextmanager
def balance(*, tcp: int | None = None) -> Iterator[tuple[Server, str]]:
    """Serve a fake balance; gives the server and its port."""
    with serving(Seat(FakeMtSics(World(1)), quick()), tcp=tcp) as served:
        yield served


def over(port: str, script: Callable[[Link], Awaitable[None]]) -> None:
    """Run a script on an open link to a port."""

    async def main() -> None:
        link = Link(open_stream(port))
        await link.open()
        await script(link)
        await link.close()

    asyncio.run(main())


@TRANSPORTS
def test_the_balance_tares_and_weighs_over_every_transport(tcp: int | None) -> None:
    """Stability is waited for, and the tare stands in the balance."""

    async def script(link: Link) -> None:
        driver = MtSicsBalance(link, control=True)
        assert (await driver.identify()).serial == "B123456789"
        served.hand("load", mass=50.0)
        tared = await driver.tare()
        assert tared.tare == pytest.approx(50.0, abs=0.05)
        served.hand("load", name="second", mass=2.0)
        seen = await driver.weigh()
        assert (seen.state, seen.tare) == (Weight.STABLE, tared.tare)
        assert seen.net == pytest.approx(2.0, abs=0.05)

    with balance(tcp=tcp) as (served, port):
        over(port, script)


def test_pylabrobot_weighs_on_our_balance() -> None:
    """Its own back end sets the unit, asks for the serial number, tares, weighs and zeroes, over a pty."""
    from pylabrobot.scales import MettlerToledoWXS205SDUBackend  # noqa: PLC0415  slow, and only here

    async def weigh(device: str) -> None:
        scale = MettlerToledoWXS205SDUBackend(port=device)
        await scale.setup()
        assert scale.serial_number == "B123456789"
        served.hand("load", mass=150.0)
        assert await scale.read_weight("stable") == pytest.approx(150.0, abs=0.05)
        await scale.tare("stable")
        assert await scale.request_tare_weight() == pytest.approx(150.0, abs=0.05)
        assert await scale.read_weight(0) == pytest.approx(0.0, abs=0.05)
        served.hand("load", mass=0.0)
        await scale.read_stable_weight()
        await scale.zero("stable")
        assert await scale.request_tare_weight() == pytest.approx(0.0)
        await scale.stop()

    with balance() as (served, port):
        asyncio.run(weigh(port.removeprefix("pty:")))


@TRANSPORTS
def test_the_printer_prints_over_every_transport(tcp: int | None) -> None:
    """The label lies there, its symbol says the code, and no text became a command."""
    fake = FakeZplPrinter()

    async def script(link: Link) -> None:
        driver = ZplPrinter(link, Stock(), control=True)
        assert (await driver.identify()).model == "ZD421-203dpi"
        printed = await driver.print(label=LABEL, container=Container("bag"))
        assert printed.data == fake.printed[0].data.decode()

    with serving(Seat(fake, quick()), tcp=tcp) as (_, port):
        over(port, script)
    assert [(label.id, label.code, label.lines) for label in fake.printed] == [
        (LABEL.id, LABEL.code, (*LABEL.lines, *LABEL.marks, LABEL.id))
    ]


@pytest.mark.parametrize("dots", [6, 8, 12, 24])
def test_zebrafy_renders_what_we_send_and_a_scanner_reads_the_exact_code(dots: int) -> None:
    """The picture of the format, made by another library, read neither inverted, rotated nor made smaller."""
    import zxingcpp  # noqa: PLC0415  as everywhere

    (picture,) = ZebrafyZPL(draw(LABEL, Stock(dots=dots)).decode()).to_images()
    (found,) = zxingcpp.read_barcodes(
        picture.convert("L"),
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        text_mode=zxingcpp.TextMode.Plain,
    )
    assert (found.text, found.bytes, found.symbology_identifier) == (LABEL.code, LABEL.code.encode(), "]d1")
    inverted = picture.convert("L").point(lambda value: 255 - value)
    assert not zxingcpp.read_barcodes(inverted, try_invert=False, try_rotate=False, try_downscale=False)
