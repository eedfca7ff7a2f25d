"""Clients that are not ours talk to our fakes; units degC."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest
import pyvisa
from pyvisa.resources import MessageBasedResource

from automation.kernel.clock import SystemClock
from fakes.keysight_34970a import FakeKeysight34970A
from fakes.serve import Seat, serving
from instruments.drivers.keysight_34970a.driver import Keysight34970A
from instruments.interfaces.probes import Reading
from instruments.transport import Link
from instruments.transport.ports import open_stream

pytestmark = pytest.mark.requirement("C06", "C07")


@contextlib.contextmanager
def logger(*, tcp: int | None) -> Iterator[str]:
    """Serve a fake logger whose chamber is at -40 degC; gives the VISA name of its port."""
    fake = FakeKeysight34970A(1, lambda name, _: 4.0 if name == "sample" else -40.0)
    with serving(Seat(fake, SystemClock()), tcp=tcp) as (_, port):
        yield (
            f"ASRL{port.removeprefix('pty:')}::INSTR"
            if tcp is None
            else f"TCPIP::127.0.0.1::{port.rpartition(':')[2]}::SOCKET"
        )


@pytest.mark.parametrize("tcp", [None, 0], ids=["pty", "tcp"])
def test_pyvisa_reads_the_logger(tcp: int | None) -> None:
    """Plain PyVISA, with its own terminations and its own parsing of numbers."""
    with logger(tcp=tcp) as name:
        opened = pyvisa.ResourceManager("@py").open_resource(name, read_termination="\n", write_termination="\n")
        assert isinstance(opened, MessageBasedResource)
        assert opened.query("*IDN?").split(",")[1] == "34970A"
        opened.write("CONF:TEMP TC,T,(@101,102)")
        assert opened.query_ascii_values("READ?") == pytest.approx([4.0, -40.0], abs=0.2)
        opened.close()


@pytest.mark.parametrize("port", ["visa pty", "visa tcp", "pty", "tcp"])
def test_our_driver_reads_the_same_over_every_transport(port: str) -> None:
    """Only the far end of the cable is false."""

    async def scan(name: str) -> tuple[Reading, ...]:
        link = Link(open_stream(name))
        await link.open()
        readings = await Keysight34970A(link, {101: "sample", 102: "chamber"}).scan()
        await link.close()
        return readings

    with logger(tcp=0 if "tcp" in port else None) as name:
        plain = f"tcp:127.0.0.1:{name.split('::')[2]}" if "tcp" in port else f"pty:{name[4:-7]}"
        sample, chamber = asyncio.run(scan(f"visa:{name}" if "visa" in port else plain))
    assert sample.value == pytest.approx(4.0, abs=0.2)
    assert chamber.value == pytest.approx(-40.0, abs=0.2)
