"""Ports as a site names them, read once and opened as streams.

``serial:/dev/ttyUSB0?9600-8N1``     a serial device (settings optional, 9600-8N1)
``tcp:127.0.0.1:7001``               a host and port; ``tcp:[::1]:7001`` for IPv6
``visa:ASRL/dev/ttyS0::INSTR?57600-8N1-xonxoff``, ``visa:TCPIP::192.168.1.5::5025::SOCKET``
``folder:/data/vicell``              a folder with result files
``opcua:opc.tcp://127.0.0.1:4840/rotea``  an OPC UA server, as a node port
``sila:127.0.0.1:50052``             a SiLA 2 server, as a node port
``usb:08af:8000``                    a USB device with bulk endpoints; ``usb:08af:8000:5`` where several are plugged in
``pty:/dev/pts/3``                   a pseudo-terminal; simulated sites only
``memory``                           a cable in memory; simulated sites only, connected by the plant
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from automation.kernel.errors import InputError
from instruments.transport.line import LineSettings, line_settings
from instruments.transport.link import Link
from instruments.transport.memory import MemoryStream
from instruments.transport.stream import ByteStream

SCHEMES = ("serial", "tcp", "visa", "folder", "opcua", "sila", "usb", "pty", "memory")
_EXAMPLES = {
    "serial": "serial:/dev/ttyUSB0?9600-8N1",
    "tcp": "tcp:127.0.0.1:7001",
    "visa": "visa:ASRL/dev/ttyS0::INSTR",
    "folder": "folder:/data/vicell",
    "opcua": "opcua:opc.tcp://127.0.0.1:4840/rotea",
    "sila": "sila:127.0.0.1:50052",
    "usb": "usb:08af:8000",
    "pty": "pty:/dev/pts/3",
    "memory": "memory",
}
_HIGHEST = 65_535
_NUMBER = re.compile(r"[0-9]{1,5}")
_USB = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True)
class Port:
    """One port: its scheme, what it names, and how a serial line is set."""

    scheme: str
    address: str = ""
    line: LineSettings | None = None

    @property
    def simulated_only(self) -> bool:
        """Tell whether a live site must refuse it: memory, and every pseudo-terminal under whatever name."""
        if self.scheme in {"memory", "pty"}:
            return True
        device = self.address.upper().removeprefix("ASRL").split("::")[0] if self.scheme == "visa" else self.address
        named = Path(device.lower() if self.scheme == "visa" else device)
        return self.scheme in {"serial", "visa"} and str(named.resolve()).startswith("/dev/pts/")

    @property
    def host(self) -> tuple[str, int]:
        """Give host and port of a TCP port or a SiLA 2 server."""
        host, _, number = self.address.rpartition(":")
        return host.strip("[]"), int(number)


def read_port(text: object, *, where: str = "", field: str = "port") -> Port:
    """Read a port as a site names it; raises InputError that names the field, the value and what is allowed."""
    if not isinstance(text, str):
        _refuse(f"{field} is {text!r}; a text is needed, for example {_EXAMPLES['serial']!r}", where)
    if not text.isprintable():
        _refuse(f"{field} is {text!r}; printable characters are needed", where)
    scheme, _, rest = text.strip().partition(":")
    if scheme not in SCHEMES:
        _refuse(f"{field} is {text!r}; allowed: {', '.join(repr(example) for example in _EXAMPLES.values())}", where)
    address, asked, settings = rest.partition("?")
    if (scheme == "memory") != (not address):
        _refuse(f"{field} is {text!r}; write for example {_EXAMPLES[scheme]!r}", where)
    if asked and scheme not in {"serial", "visa", "pty"}:
        _refuse(f"{field} is {text!r}: only serial, visa and pty ports have line settings after '?'", where)
    if scheme in {"tcp", "sila"}:
        _check_tcp(address, f"{field} is {text!r}", example=_EXAMPLES[scheme], where=where)
    if scheme == "opcua":
        _check_opcua(address, f"{field} is {text!r}", where=where)
    if scheme == "usb" and not _USB.fullmatch(address):
        _refuse(f"{field} is {text!r}; vendor and product are four hex digits each: {_EXAMPLES['usb']!r}", where)
    if scheme == "visa" and not address.upper().endswith(("::INSTR", "::SOCKET")):
        _refuse(f"{field} is {text!r}; a VISA resource ends with ::INSTR or ::SOCKET", where)
    line = line_settings(settings, where=f"{where}: {field}" if where else field) if asked else None
    return Port(scheme, address, line)


def open_stream(port: str | Port, *, where: str = "", field: str = "port") -> ByteStream:
    """Make the stream of a port; it is opened by its ``open``. Raises InputError as ``read_port`` does.

    A ``memory`` port gives a stream without a peer; on a simulated site the plant gives the connected one.
    """
    read = port if isinstance(port, Port) else read_port(port, where=where, field=field)
    match read.scheme:
        case "serial" | "pty":
            from instruments.transport.serial import SerialStream  # noqa: PLC0415  heavy, only for serial ports

            return SerialStream(read.address, read.line)
        case "tcp":
            from instruments.transport.tcp import TcpStream  # noqa: PLC0415  only for TCP ports

            return TcpStream(*read.host)
        case "visa":
            from instruments.transport.visa import VisaStream  # noqa: PLC0415  heavy, only for VISA ports

            return VisaStream(read.address, read.line)
        case "opcua":
            from instruments.transport.opcua import OpcUaStream  # noqa: PLC0415  only for OPC UA servers

            return OpcUaStream(read.address)
        case "sila":
            from instruments.transport.sila import SilaStream  # noqa: PLC0415  only for SiLA 2 servers

            return SilaStream(*read.host)
        case "usb":
            from instruments.transport.usb import Named, UsbStream  # noqa: PLC0415  only for USB devices

            vendor, product, *at = read.address.split(":")
            return UsbStream(Named(int(vendor, 16), int(product, 16), int(at[0]) if at else None))
        case "folder":
            from instruments.transport.folder import FolderStream  # noqa: PLC0415  only for folders

            return FolderStream(Path(read.address))
        case _:
            return MemoryStream()


def open_link(port: str, *, name: str, stream: ByteStream | None = None) -> Link:
    """Make a link over the stream of a port, or over the one given; it is opened by its ``open``."""
    return Link(stream or open_stream(port or "memory"), name=name)


def _check_tcp(address: str, what: str, *, example: str, where: str) -> None:
    host, _, number = address.rpartition(":")
    if not host or not _NUMBER.fullmatch(number) or not 0 < int(number) <= _HIGHEST:
        _refuse(f"{what}; a host and a port from 1 to {_HIGHEST} are needed, for example {example!r}", where)


def _check_opcua(address: str, what: str, *, where: str) -> None:
    host, _, number = address.removeprefix("opc.tcp://").partition("/")[0].rpartition(":")
    right = host and _NUMBER.fullmatch(number) and 0 < int(number) <= _HIGHEST
    if not address.startswith("opc.tcp://") or not right:
        _refuse(f"{what}; an endpoint is needed, for example {_EXAMPLES['opcua']!r}", where)


def _refuse(message: str, where: str) -> NoReturn:
    raise InputError(message, where=where)
