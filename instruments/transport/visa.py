"""A VISA resource as a stream of bytes, through PyVISA with the pure-Python backend.

PyVISA is synchronous: one dedicated worker thread per instrument does all its calls, one after the other.
VISA itself gives no notice that the far end of a socket is gone, so the backend's socket is asked.
Source: PyVISA 1.16, PyVISA-py 0.8; resources ``ASRL/dev/ttyS0::INSTR`` and ``TCPIP::host::port::SOCKET``.
"""

import asyncio
import contextlib
import socket
from concurrent.futures import ThreadPoolExecutor

import pyvisa
from pyvisa import constants
from pyvisa.resources import MessageBasedResource, SerialInstrument
from pyvisa_py.highlevel import PyVisaLibrary

from automation.kernel.errors import LinkError
from automation.kernel.quantity import Seconds
from instruments.transport.inbox import Inbox
from instruments.transport.line import LineSettings

BACKEND = "@py"
POLL = 10  # ms; how long one look for bytes may block the worker
WRITE_WITHIN = 2000  # ms
CHUNK = 4096  # bytes
_PARITY = {"N": constants.Parity.none, "E": constants.Parity.even, "O": constants.Parity.odd}
_STOP = {1: constants.StopBits.one, 2: constants.StopBits.two}
_FLOW = {
    "none": constants.ControlFlow.none,
    "xonxoff": constants.ControlFlow.xon_xoff,
    "rtscts": constants.ControlFlow.rts_cts,
}
_LOST = (pyvisa.Error, OSError, ValueError)


class VisaStream:
    """A message-based VISA resource."""

    def __init__(self, resource: str, line: LineSettings | None = None) -> None:
        """Name the resource; ``line`` holds for serial ones."""
        self.resource = resource
        self.line = line or LineSettings()
        self._inbox = Inbox(resource)
        self._worker: ThreadPoolExecutor | None = None
        self._session: MessageBasedResource | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def settings(self) -> str:
        """Say what is open and how the line is set."""
        serial = f" {self.line}" if self.resource.upper().startswith("ASRL") else ""
        return f"visa {self.resource}{serial}"

    async def open(self) -> None:
        """Open the resource; raises LinkError when it is absent."""
        if self._inbox.whole:
            return
        await self.close()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"visa {self.resource}")
        opening = asyncio.get_running_loop().run_in_executor(self._worker, self._connect)
        await asyncio.wait([opening])
        if (error := opening.exception()) is not None:  # the backend raises bare ``Exception`` among others
            await self.close()
            msg = f"{self.resource} can't be opened: {error}"
            raise LinkError(msg) from error
        self._session = opening.result()
        self._inbox.begin()
        self._reader = asyncio.create_task(self._read(self._worker, self._session))

    async def close(self) -> None:
        """Close the resource and end its thread."""
        self._inbox.lose("not open")
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        if self._worker is not None:
            if self._session is not None:
                await asyncio.get_running_loop().run_in_executor(self._worker, self._session.close)
            self._worker.shutdown()
        self._reader = self._worker = self._session = None

    def write(self, data: bytes) -> None:
        """Hand bytes over to the worker; raises LinkError when the resource is not open or lost."""
        self._inbox.check()
        if self._worker is not None and self._session is not None:
            sent = asyncio.get_running_loop().run_in_executor(self._worker, _send, self._session, data)
            sent.add_done_callback(self._written)

    def take(self) -> bytes:
        """Give what has arrived so far."""
        return self._inbox.take()

    async def arrived(self, *, within: Seconds) -> bool:
        """Wait until at least one byte can be taken; False when the time is over (s)."""
        return await self._inbox.arrived(within=within)

    def _connect(self) -> MessageBasedResource:
        opened = pyvisa.ResourceManager(BACKEND).open_resource(self.resource)
        if not isinstance(opened, MessageBasedResource):
            opened.close()
            msg = f"{self.resource} is not a message-based resource"
            raise LinkError(msg)
        if isinstance(opened, SerialInstrument):
            opened.baud_rate, opened.data_bits = self.line.baud, self.line.bits
            opened.parity, opened.stop_bits = _PARITY[self.line.parity], _STOP[self.line.stop]
            opened.flow_control = _FLOW[self.line.flow]
            opened.end_input = constants.SerialTermination.none
        else:
            opened.set_visa_attribute(constants.ResourceAttribute.suppress_end_enabled, constants.VI_FALSE)
        return opened

    def _written(self, sent: asyncio.Future[None]) -> None:
        if not sent.cancelled() and (error := sent.exception()) is not None:
            self._inbox.lose(f"lost: {error}")

    async def _read(self, worker: ThreadPoolExecutor, session: MessageBasedResource) -> None:
        loop = asyncio.get_running_loop()
        while self._inbox.whole:
            try:
                data = await loop.run_in_executor(worker, _look, session)
            except _LOST as error:
                self._inbox.lose(f"lost: {error}")
                return
            if data:
                self._inbox.put(data)


def _send(session: MessageBasedResource, data: bytes) -> None:
    session.timeout = WRITE_WITHIN
    session.write_raw(data)


def _look(session: MessageBasedResource) -> bytes:
    """Give what has arrived, waiting for at most ``POLL``; raises a VISA error when the resource is lost."""
    session.timeout = POLL
    count = CHUNK
    if isinstance(session, SerialInstrument):
        count = max(1, session.bytes_in_buffer)
    try:
        with session.ignore_warning(constants.StatusCode.success_max_count_read):
            data, _ = session.visalib.read(session.session, count)
    except pyvisa.VisaIOError as error:
        if error.error_code != constants.StatusCode.error_timeout:
            raise
        _check_socket(session)
        return b""
    return bytes(data)


def _check_socket(session: MessageBasedResource) -> None:
    """Raise ConnectionError when the far end of a socket resource has closed it."""
    if isinstance(session.visalib, PyVisaLibrary) and session.session in session.visalib.sessions:
        wire = session.visalib.sessions[session.session].interface
        if isinstance(wire, socket.socket):
            with contextlib.suppress(BlockingIOError):
                if wire.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                    msg = "the far end closed the connection"
                    raise ConnectionError(msg)
