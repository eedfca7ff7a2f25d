"""A SiLA 2 server as a node port: the lines of ``nodes`` come in, a SiLA client performs them.

Names are fully qualified identifiers of the features that the server implements; ``/Unit`` behind a property is the
label of its unit constraint. A command takes one JSON object with its parameters, and answers one with its responses;
one that is observable answers when it is accepted. What the server did not accept is refused; an error of an execution
says nothing of its effect, and is neither done nor refused. Without encryption only on this machine.
unitelabs-sila (MIT) is an optional part: ``pip install cellwright[sila]``. Times in s.
Source: SiLA 2 part A (core) 1.1: error categories, server identification; part B: mapping to gRPC.
"""

import asyncio
import base64
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec

from automation.kernel.errors import InputError, LinkError, WireError
from automation.kernel.quantity import Seconds
from instruments.transport import nodes
from instruments.transport.inbox import Inbox
from instruments.transport.sila_site import Access

if TYPE_CHECKING:
    from sila.client import Client

WITHIN = Seconds(5.0)  # s; for connecting and loading the features, and for each request
MISSING, REFUSED = "NotImplemented", "CommandExecutionNotAccepted"
UNIT, EXECUTION = "/Unit", "CommandExecutionUUID"


class SilaStream:
    """A connection to one SiLA 2 server."""

    def __init__(self, host: str, port: int, *, within: Seconds = WITHIN) -> None:
        """Name the server; ``within`` is the time for each request (s)."""
        self.host, self.port = host, port
        self.access = Access()
        self._within = within
        self._inbox = Inbox(f"sila:{host}:{port}")
        self._client: Client | None = None
        self._work: asyncio.Queue[bytes] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None

    @property
    def settings(self) -> str:
        """Say where the connection leads, and how."""
        return f"sila {self.host}:{self.port}{' encrypted' if self.access.root_certificates else ''}"

    async def open(self) -> None:
        """Connect and load the features; raises LinkError when nobody answers, InputError without the package."""
        if self._inbox.whole:
            return
        await self.close()
        sila, access = _sila(), self.access
        access.check(self.host)
        options = {"grpc.ssl_target_name_override": access.server_name} if access.server_name else {}
        config = sila.ClientConfig(
            hostname=f"[{self.host}]" if ":" in self.host else self.host,
            port=self.port,
            tls=bool(access.root_certificates),
            root_certificates=access.pem("root_certificates"),
            certificate_chain=access.pem("certificate_chain"),
            private_key=access.pem("private_key"),
            options=sila.ChannelOptions(options),
            default_timeout=1000.0 * float(self._within),
        )
        client = sila.Client(config)
        try:
            await client.open(timeout=1000.0 * float(self._within))
        except sila.SiLAError as error:
            await client.close()
            msg = f"{self._inbox.name} can't be reached: {error}"
            raise LinkError(msg) from error
        self._client = client
        self._work = asyncio.Queue()
        self._worker = asyncio.get_running_loop().create_task(self._serve(client), name=self._inbox.name)
        self._inbox.begin()

    async def close(self) -> None:
        """Close the connection."""
        self._inbox.lose("not open")
        worker, self._worker = self._worker, None
        client, self._client = self._client, None
        if worker is not None:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
        if client is not None:
            await client.close()

    def write(self, data: bytes) -> None:
        """Take lines to perform; raises LinkError when the connection is not open or lost."""
        self._inbox.check()
        for line in data.splitlines(keepends=True):
            self._work.put_nowait(line)

    def take(self) -> bytes:
        """Give what has been answered so far."""
        return self._inbox.take()

    async def arrived(self, *, within: Seconds) -> bool:
        """Wait until an answer can be taken; False when the time is over (s)."""
        return await self._inbox.arrived(within=within)

    async def _serve(self, client: "Client") -> None:
        """Perform one line after the other; a broken connection is lost until it is opened anew."""
        sila = _sila()
        try:
            while True:
                line = await self._work.get()
                try:
                    asked = nodes.request(line)
                except WireError:
                    continue
                self._inbox.put(nodes.line(await _Performed(client, sila).of(asked)))
        except sila.SiLAConnectionError as error:
            self._inbox.lose(f"lost: {error}")
        finally:
            self._inbox.lose("lost: the connection has ended")


class _Performed:
    """Performs one request; raises the library's connection error when nobody knows what became of it."""

    def __init__(self, client: "Client", sila: ModuleType) -> None:
        self._client, self._sila = client, sila

    async def of(self, asked: nodes.Request) -> nodes.Reply:
        if asked.write:
            return nodes.Reply(asked.id, error="BadNotWritable", name=next(iter(asked.write)))
        if asked.browse:
            names = self._below(asked.browse)
            return nodes.Reply(asked.id, ok=bool(names), names=names, error="" if names else MISSING, name=asked.browse)
        return await (self._call(asked) if asked.call else self._read(asked))

    def _below(self, place: str) -> tuple[str, ...]:
        try:
            feature = self._client.find_feature(place)
        except ValueError:
            return ()
        return () if feature is None else (*feature.properties, *feature.commands)

    async def _read(self, asked: nodes.Request) -> nodes.Reply:
        values: dict[str, nodes.Value] = {}
        status: dict[str, str] = {}
        for name in asked.read:
            try:
                value = await self._value(name)
            except ValueError:
                status[name] = MISSING
            except self._sila.SiLAConnectionError:
                raise
            except self._sila.SiLAError as error:
                status[name] = getattr(error, "identifier", "") or type(error).__name__
            else:
                status[name], values[name] = nodes.GOOD, value
        return nodes.Reply(asked.id, values, status)

    async def _value(self, name: str) -> nodes.Value:
        held = self._client.get_property(name.removesuffix(UNIT))
        if not name.endswith(UNIT):
            return _plain(await held.read())
        labels = (getattr(one, "label", "") for one in getattr(held.data_type, "constraints", ()))
        return next((label for label in labels if label), "")

    async def _call(self, asked: nodes.Request) -> nodes.Reply:
        sila = self._sila
        try:
            command = self._client.get_command(asked.call)
            given = msgspec.json.decode(str(asked.args[0]), type=dict[str, nodes.Value]) if asked.args else {}
            told = await command.execute({**given})
        except ValueError as wrong:
            return nodes.Reply(asked.id, error=MISSING, name=asked.call, text=str(wrong))
        except sila.SiLAConnectionError:
            raise
        except (sila.ValidationError, sila.FrameworkError) as refusal:
            return nodes.Reply(asked.id, error=type(refusal).__name__, name=asked.call, text=str(refusal))
        except sila.SiLAError as error:
            what = getattr(error, "identifier", "") or type(error).__name__
            return nodes.Reply(asked.id, text=f"({what}: {error})")
        answer = _json(told) if isinstance(told, dict) else {EXECUTION: str(told.command_execution_uuid)}
        return nodes.Reply(asked.id, ok=True, out=(msgspec.json.encode(answer).decode(),))


def _plain(held: object) -> nodes.Value:
    if isinstance(held, bool | int | float | str):
        return held
    return base64.b64encode(held).decode() if isinstance(held, bytes) else msgspec.json.encode(_json(held)).decode()


def _json(held: object) -> object:
    if isinstance(held, dict):
        return {str(key): _json(value) for key, value in held.items()}
    if isinstance(held, list | tuple):
        return [_json(one) for one in held]
    return held if isinstance(held, bool | int | float | str | bytes | None) else str(held)


def _sila() -> ModuleType:
    try:
        import sila.client  # noqa: PLC0415  optional and heavy, only for SiLA 2
    except ModuleNotFoundError:
        msg = "a port sila: needs the package unitelabs-sila; install it with: pip install 'cellwright[sila]'"
        raise InputError(msg) from None
    return sila.client
