"""Serves a fake as a SiLA 2 device on loopback: the SiLA service with its identity, and its features (``fakes.sila``).

An observable property tells every change, looked for every ``EVERY``. What a device does not accept is refused as the
standard has it; a program is accepted when it runs, and its execution is over when the unit no longer runs.
Times in s.
Source: SiLA 2 part A (core) 1.1; unitelabs-sila's server, an optional part (``pip install cellwright[sila]``).
"""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Protocol, runtime_checkable

from sila.server import (
    CommandExecutionNotAccepted,
    Feature,
    Metadata,
    ObservableCommand,
    ObservableProperty,
    Server,
    ServerConfig,
    UndefinedExecutionError,
    UnobservableCommand,
    UnobservableProperty,
    ValidationError,
)

from automation.kernel.clock import MICRO, SystemClock
from automation.kernel.quantity import Instant, Seconds
from fakes import in_loop
from fakes.in_loop import Hands, free_port
from fakes.lads import NOT_A_NUMBER, OUT_OF_RANGE
from fakes.lads_faces import Face
from fakes.lads_spoken import Speaks, Spoken
from fakes.nodes import NodeRefusedError
from fakes.plant import PlantLog
from fakes.serve import LOOPBACK, Seat, Ticks
from fakes.sila import INVALID, Answer, SilaDevice, service
from fakes.sila import Feature as Described
from instruments.drivers.sila_incubator import wire
from instruments.transport import nodes
from instruments.transport.nodes import Value

EVERY = Seconds(0.25)  # s between looks at the fake, for those who subscribe
VENDOR = "https://github.com/"  # the standard asks for some page; there is none of a simulated device
FACTORIES = {
    "unobservable_command_factory": UnobservableCommand,
    "observable_command_factory": ObservableCommand,
    "unobservable_property_factory": UnobservableProperty,
    "observable_property_factory": ObservableProperty,
    "metadata_factory": Metadata,
}
WRONG = frozenset({OUT_OF_RANGE, NOT_A_NUMBER, INVALID})
"""Refusals of what was given, and not of the moment."""


@runtime_checkable
class SpeaksSila(Protocol):
    """A fake that is a SiLA 2 device by itself."""

    @property
    def sila(self) -> SilaDevice:
        """Give its features, values and commands."""
        ...

    @property
    def powered(self) -> bool:
        """Tell whether it answers."""
        ...


class Noted(Spoken):
    """A LADS device whose every write and call is put on the plant's record first."""

    def __init__(self, fake: Speaks, seat: Seat) -> None:
        """Speak for the fake of a seat."""
        super().__init__(fake)
        self._seat = seat

    def write(self, name: str, value: Value, now: Instant) -> None:
        """Take a value; raises NodeRefusedError."""
        self._note(nodes.Request(1, write={name: value}), now)
        super().write(name, value, now)

    def call(self, name: str, args: tuple[Value | None, ...], now: Instant) -> tuple[Value | None, ...]:
        """Do a command; raises NodeRefusedError."""
        self._note(nodes.Request(1, call=name, args=args), now)
        return super().call(name, args, now)

    def _note(self, asked: nodes.Request, now: Instant) -> None:
        self._seat.log.add(round(float(now) * MICRO), self._seat.name, nodes.line(asked))


class ServedSila:
    """One device as features of a server."""

    def __init__(self, device: SilaDevice, clock: Ticks, log: PlantLog, *, powered: Callable[[], bool]) -> None:
        """Stand between a device and a server."""
        self._device, self._clock, self._log, self._powered = device, clock, log, powered
        self._begun: Answer = {}

    def server(self, port: int) -> Server:
        """Make the server, with every feature of the device."""
        told = {
            name.rpartition("/")[2]: text for name, text in service(self._device.identity, self._device.name).items()
        }
        config = ServerConfig(
            hostname=LOOPBACK,
            port=port,
            uuid=told[wire.SERVER_UUID],
            name=told[wire.SERVER_NAME],
            type=told[wire.SERVER_TYPE],
            version=told[wire.SERVER_VERSION],
            description=told[wire.DESCRIPTION],
            vendor_url=VENDOR,
        )
        server = Server(config)
        for described in self._device.features:
            server.register_feature(self._feature(described))
        return server

    def _feature(self, described: Described) -> Feature:
        feature = Feature.from_definition(described.definition(), FACTORIES)
        for name, held in feature.properties.items():
            path, failed = wire.property_of(described.id, name), feature.errors[wire.NO_VALUE]
            read = self._reader(path, failed)
            if isinstance(held, ObservableProperty):
                held.function = self._changes(read)
            elif isinstance(held, UnobservableProperty):
                held.function = read
        for name, command in feature.commands.items():
            act = self._actor(wire.command_of(described.id, name))
            if isinstance(command, ObservableCommand):
                command.validate, command.function = self._accepted(act), self._followed(described)
            elif isinstance(command, UnobservableCommand):
                command.function = act
        return feature

    def _reader(self, path: str, failed: type[Exception]) -> Callable[..., Answer]:
        name = path.rpartition("/")[2]

        def read(**_metadata: object) -> Answer:
            value = self._values().get(path)
            if value is None:
                raise failed(f"{name} has no good value")
            return {name: value}

        return read

    def _changes(self, read: Callable[..., Answer]) -> Callable[..., AsyncGenerator[Answer, None]]:
        async def changes(**_metadata: object) -> AsyncGenerator[Answer, None]:
            last: Answer | None = None
            while True:
                now = read()
                if now != last:
                    last = now
                    yield now
                await SystemClock().sleep(EVERY)

        return changes

    def _actor(self, path: str) -> Callable[..., Answer]:
        def act(*, metadata: object = None, **given: object) -> Answer:  # noqa: ARG001  as the library calls it
            self._values()
            at = self._clock.micros()
            plain = {key: value for key, value in given.items() if isinstance(value, bool | int | float | str)}
            line = nodes.line(nodes.Request(1, call=path, args=(wire.parameters(plain),)))
            self._log.add(at, self._device.name, line)
            try:
                return self._device.act(path, plain, Instant(at / MICRO))
            except NodeRefusedError as refusal:
                raise self._refused(path, plain, refusal) from None

        return act

    @staticmethod
    def _refused(path: str, given: Mapping[str, Value], refusal: NodeRefusedError) -> Exception:
        if refusal.status in WRONG and given:
            return ValidationError(parameter=f"{path}/Parameter/{next(iter(given))}", message=refusal.text)
        return CommandExecutionNotAccepted(f"{refusal.status} {refusal.text}".strip())

    def _accepted(self, act: Callable[..., Answer]) -> Callable[..., None]:
        """Begin when it is asked: what can't begin is not accepted."""

        def accept(**given: object) -> None:
            self._begun = act(**given)

        return accept

    def _followed(self, described: Described) -> Callable[..., object]:
        async def follow(**_given: object) -> Answer:
            begun = self._begun
            while self._device.running(described, Instant(self._clock.micros() / MICRO)):
                await SystemClock().sleep(EVERY)
            return begun

        return follow

    def _values(self) -> Mapping[str, Value | None]:
        if not self._powered():
            raise UndefinedExecutionError("the device is silent")
        return self._device.values(Instant(self._clock.micros() / MICRO))


def shown(seat: Seat) -> ServedSila:
    """Give the fake of a seat as it is served: by its own features, or those that are made of its LADS device."""
    fake, silent = seat.fake, PlantLog(None)
    if isinstance(fake, SpeaksSila):
        return ServedSila(fake.sila, seat.clock, seat.log, powered=lambda: fake.powered)
    # What is done at a face, hands do, which are on the record already.
    device = SilaDevice(fake.lads, Noted(fake, seat)) if isinstance(fake, Speaks) else SilaDevice(Face(seat).lads)
    return ServedSila(device, seat.clock, silent, powered=lambda: True)


@contextlib.asynccontextmanager
async def serving(seat: Seat, *, port: int = 0) -> AsyncIterator[str]:
    """Serve the fake of a seat on loopback while the block runs; gives the port text for a site."""
    taken = free_port(port)
    server = shown(seat).server(taken)
    await server.start()
    try:
        yield f"sila:{LOOPBACK}:{taken}"
    finally:
        await server.stop()


def in_thread(seat: Seat, *, port: int = 0) -> contextlib.AbstractContextManager[tuple[Hands, str]]:
    """Serve the fake of a seat from a thread of its own; gives its hands and the port text for a site."""
    return in_loop.thread_of(lambda: serving(seat, port=port), seat, "sila")
