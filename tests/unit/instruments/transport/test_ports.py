"""Ports as a site names them."""

from pathlib import Path

import pytest

from automation.kernel.errors import InputError
from instruments.transport import MemoryStream
from instruments.transport.folder import FolderStream
from instruments.transport.line import LineSettings, line_settings
from instruments.transport.ports import open_stream, read_port
from instruments.transport.serial import SerialStream
from instruments.transport.sila import SilaStream
from instruments.transport.tcp import TcpStream
from instruments.transport.usb import UsbStream
from instruments.transport.visa import VisaStream

pytestmark = pytest.mark.requirement("C06")


@pytest.mark.parametrize(
    ("text", "kind", "settings"),
    [
        ("serial:/dev/ttyUSB0", SerialStream, "9600 8N1"),
        ("serial:/dev/ttyUSB0?9600-7E1", SerialStream, "9600 7E1"),
        ("serial:/dev/ttyS0?57600-8N1-xonxoff", SerialStream, "57600 8N1 xonxoff"),
        ("pty:/dev/pts/3?19200-8O2", SerialStream, "19200 8O2"),
        ("tcp:127.0.0.1:7001", TcpStream, "tcp 127.0.0.1:7001"),
        ("tcp:[::1]:7001", TcpStream, "tcp ::1:7001"),
        ("visa:ASRL/dev/ttyS0::INSTR", VisaStream, "visa ASRL/dev/ttyS0::INSTR 9600 8N1"),
        ("visa:TCPIP::192.168.1.5::5025::SOCKET", VisaStream, "visa TCPIP::192.168.1.5::5025::SOCKET"),
        ("folder:/data/vicell", FolderStream, "folder /data/vicell"),
        ("sila:192.168.1.7:50052", SilaStream, "sila 192.168.1.7:50052"),
        ("usb:08AF:8000", UsbStream, "usb 08af:8000"),
        ("usb:08af:8000:5", UsbStream, "usb 08af:8000:5"),
        ("memory", MemoryStream, "memory"),
    ],
)
def test_a_port_gives_the_stream_that_it_names(text: str, kind: type, settings: str) -> None:
    """Nothing is opened yet; the settings are what was written."""
    stream = open_stream(text)
    assert isinstance(stream, kind)
    assert stream.settings == settings


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", "allowed: 'serial:/dev/ttyUSB0"),
        ("gpib:1", "4840/rotea', 'sila:127.0.0.1:50052', 'usb:08af:8000', 'pty:/dev/pts/3', 'memory'"),
        ("usb:1", "four hex digits"),
        ("usb:08af:8000:", "four hex digits"),
        (7001, "a text is needed"),
        ("serial:", "write for example 'serial:/dev/ttyUSB0"),
        ("memory:1", "write for example 'memory'"),
        ("tcp:127.0.0.1", "a port from 1 to 65535"),
        ("sila:192.168.1.7", "for example 'sila:127.0.0.1:50052'"),
        ("tcp:127.0.0.1:99999", "a port from 1 to 65535"),
        ("tcp:127.0.0.1:7001?9600-8N1", "only serial, visa and pty ports have line settings"),
        ("visa:GPIB", "ends with ::INSTR or ::SOCKET"),
        ("serial:/dev/ttyS0?9600-9N1", "data bits 5-8, parity N, E or O"),
        ("serial:/dev/ttyS0?", "for example '9600-8N1'"),
    ],
)
def test_what_is_no_port_is_refused_with_field_place_and_what_is_allowed(text: object, allowed: str) -> None:
    """The person who writes the site file sees where and what."""
    with pytest.raises(InputError) as refused:
        read_port(text, where="site.yaml, line 12, column 11", field="assets.CRF-1.port")
    assert str(refused.value).startswith("site.yaml, line 12, column 11: assets.CRF-1.port") or "line settings" in str(
        refused.value
    )
    assert "assets.CRF-1.port" in str(refused.value)
    assert allowed in str(refused.value)


@pytest.mark.parametrize("text", ["memory", "pty:/dev/pts/3", "serial:/dev/pts/3", "visa:ASRL/dev/pts/3::INSTR"])
def test_a_cable_to_a_fake_is_known_as_such_under_every_name(text: str) -> None:
    """A live site refuses these."""
    assert read_port(text).simulated_only


def test_a_link_to_a_pseudo_terminal_is_followed(tmp_path: Path) -> None:
    """A friendly name does not make a real device of it."""
    (tmp_path / "freezer").symlink_to("/dev/pts/3")
    assert read_port(f"serial:{tmp_path}/freezer").simulated_only
    assert read_port(f"visa:ASRL{tmp_path}/freezer::INSTR").simulated_only


@pytest.mark.parametrize(
    "text", ["serial:/dev/ttyUSB0", "tcp:192.168.1.5:5025", "visa:ASRL/dev/ttyS0::INSTR", "folder:/d"]
)
def test_real_ports_are_allowed_on_a_live_site(text: str) -> None:
    """Nothing simulated about them."""
    assert not read_port(text).simulated_only


def test_a_byte_takes_ten_or_eleven_bits_on_the_line() -> None:
    """9600 8N1 carries a byte in 1.04 ms; 7E1 has a parity bit and one data bit less."""
    assert float(LineSettings().duration(1)) == pytest.approx(1.04e-3, rel=0.01)
    assert float(line_settings("9600 8E1").duration(96)) == pytest.approx(0.11)
