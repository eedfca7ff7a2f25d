"""Fake Gibco CTS Rotea: the variables of its Run Manager over a washer's kit in the world, and a person's hands.

Physics: ``fakes.washer``. Words and states as documented (see the wire module). Not documented, and this fake's own:
         the protocol library with its parameters and check sums, how long things take, and every name with ``Sim``.
         A pause over the link needs the setting ``pause_word``, as the driver does.
Power:   the instrument's power; Run Manager is a PC that goes on. While it is off, and after a run was broken off by
         it, the state is InstrumentError until somebody clears it at the panel; the kit keeps what is in it.
Units:   mL, mL/min, kPa, s.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from automation.kernel.clock import iso
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Millilitres, Seconds
from fakes.freezer import flag, number, text
from fakes.nodes import NodeFeed, NodeRefusedError
from fakes.physics.washer import STEPS, Setting
from fakes.washer import Stop, Washing
from fakes.world import World
from instruments.drivers.rotea import wire
from instruments.drivers.washer_history import wire as history
from instruments.interfaces.cell_washer import ProcessValues, RunHistory
from instruments.transport import nodes

SENDS = Seconds(3.0)  # s until a protocol that was sent is ready to start
WRITES = Seconds(1.0)  # s from the end of a run to its file
SIM_SELECT, SIM_RUNS, SIM_PRESSURE = "SimSelectProtocol", "SimRuns", "SimPressure"
SIM_VOLUMES = {"processed": "SimProcessed", "washed": "SimWashed", "collected": "SimCollected", "wasted": "SimWasted"}
WASH = "Wash and Concentrate"
_WAITS = {
    None: "NotWaiting",
    Stop.BUBBLE: "WaitingBubbleAck",
    Stop.PRESSURE: "WaitingPressureAck",
    Stop.PANEL: "UserPausedButton",
    Stop.PROGRAM: "UserPausedOPCUA",
}

Details = dict[str, object]


@dataclass(frozen=True, slots=True)
class Definition:
    """A protocol of the library: its parameters with their ranges, and its revision."""

    name: str
    parameters: tuple[tuple[str, int, int], ...]  # name, lowest, highest
    revision: str = "A"

    @property
    def checksum(self) -> str:
        """Give 32 hex digits that change with any part of the definition."""
        return _checksum(self)


@lru_cache(maxsize=32)  # asked at every look
def _checksum(definition: Definition) -> str:
    said = repr((definition.name, definition.parameters, definition.revision, STEPS))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


@lru_cache(maxsize=32)  # as above
def _parameters(protocol: Definition | None, given: tuple[tuple[int, int], ...]) -> dict[str, nodes.Value]:
    """Give the nodes of all parameters, as far as they are set."""
    found: dict[str, nodes.Value] = {}
    for n in range(1, wire.PARAMETERS + 1):
        known = protocol.parameters[n - 1] if protocol and n <= len(protocol.parameters) else None
        value = dict(given).get(n)
        found[wire.parameter_name(n)] = known[0] if known else ""
        found[wire.parameter_valid(n)] = _valid(value, known)
        found[wire.set_parameter(n)] = value or 0
    return found


def _valid(value: int | None, known: tuple[str, int, int] | None) -> str:
    if known is None:
        return wire.Valid.NOT_IN_USE.value
    if value is None:
        return wire.Valid.NOT_SET.value
    return (wire.Valid.VALID if known[1] <= value <= known[2] else wire.Valid.OUT_OF_RANGE).value


LIBRARY = (
    Definition(
        WASH,
        (
            ("Source volume (mL)", 10, 20_000),
            ("Wash volume (mL)", 0, 5_000),
            ("Output volume (mL)", 5, 200),
            ("Load flow (mL/min)", 10, 165),
            ("Wash flow (mL/min)", 10, 165),
            ("G-force (g)", 100, 3_000),
        ),
    ),
)


class FakeRotea:
    """Run Manager, instrument and kit; ``acts`` counts what was done over the link."""

    def __init__(self, world: World, name: str, *, pause_word: str = "", select_node: str = "") -> None:
        """Stand in a world without kit, with the door closed and no protocol selected."""
        self.washing = Washing(world, name)
        self.acts = {"prepare": 0, "start": 0, "acknowledge": 0, "pause": 0, "skip": 0}
        self.library = {one.name: one for one in LIBRARY}
        self._pause_word = pause_word
        self._select_node = select_node
        self._protocol = ""
        self._set: dict[int, int] = {}
        self._sent: Instant | None = None
        self._told = ""  # the last command that was taken
        self._kit = ("", False)  # id and whether it is of the right kind
        self._used: set[str] = set()
        self._closed, self._powered, self._error = True, True, False
        self._reported = 0
        self._files: dict[str, tuple[bytes, Instant]] = {}
        self._feed = NodeFeed(self)

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer lines of the node port and of the folder with run histories."""
        return self._feed.feed(data, now)

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  a server speaks when it is asked
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Never speak unasked."""
        return None

    @property
    def writable(self) -> frozenset[str]:
        """Name the nodes that may be written."""
        own = {self._select_node} if self._select_node else set()
        return frozenset({wire.COMMAND, *(wire.set_parameter(n) for n in range(1, wire.PARAMETERS + 1)), *own})

    @property
    def words(self) -> Mapping[str, tuple[str, ...]]:
        """Give the words of the enumerations."""
        commands = [command.value for command in wire.Command]
        return {
            wire.STATE: tuple(state for state in wire.STATES if state != "ProtocolReadyToStart"),
            wire.COMMAND: tuple(filter(None, ("", *commands, self._pause_word))),
            wire.WAITING: tuple(wire.WAITS),
            wire.KIT: tuple(wire.KITS),
            wire.DOOR: (wire.CLOSED, "Open"),
            **{wire.parameter_valid(n): tuple(wire.Valid) for n in range(1, wire.PARAMETERS + 1)},
        }

    def values(self, now: Instant) -> dict[str, nodes.Value]:
        """Give every variable."""
        self._live(now)
        protocol, washing = self.library.get(self._protocol), self.washing
        found: dict[str, nodes.Value] = {
            wire.STATE: self._state(now),
            wire.COMMAND: self._told,
            wire.NAME: self._protocol,
            wire.CHECKSUM: protocol.checksum if protocol else "",
            wire.STEP: washing.step + 1 if washing.begun else 0,
            wire.WAITING: _WAITS[washing.stop],
            wire.DOOR: wire.CLOSED if self._closed else "Open",
            wire.KIT: self._kit_state(),
            wire.KIT_ID: self._kit[0] if self._closed else "",
            SIM_RUNS: washing.runs,
            SIM_PRESSURE: round(min(washing.pressure(), 999.0), 1),
        }
        counted = washing.volumes(now)
        found |= {node: round(float(getattr(counted, name)), 3) for name, node in SIM_VOLUMES.items()}
        selects: dict[str, nodes.Value] = {self._select_node: self._protocol} if self._select_node else {}
        return found | selects | _parameters(protocol, tuple(self._set.items()))

    def write(self, name: str, value: nodes.Value, now: Instant) -> None:
        """Take a command, a parameter or (where the site names the node) a selection."""
        self._live(now)
        if name == self._select_node:
            self._select(str(value))
        elif name == wire.COMMAND:
            self._command(str(value), now)
            self._told = str(value)
        else:
            self._set_parameter(int(name.removeprefix("SetParameter")), value)

    def files(self, now: Instant) -> Mapping[str, tuple[bytes, Instant]]:
        """Give the run histories that are written."""
        self._live(now)
        return {name: one for name, one in self._files.items() if one[1] <= now}

    def hand(self, action: str, details: Details, now: Instant) -> None:
        """Let a person act; raises FailedError for an action, line, container or moment that does not allow it.

        ``kit`` {id, valid, used} (no id: take it out), ``door`` {open, forced}, ``connect`` {line, container},
        ``clamp`` {line, share}, ``bubble``, ``select`` {protocol}, ``edit`` {protocol, revision}, ``power`` {on},
        ``clear`` an error, ``start at`` {step}, ``lose histories``; at the panel ``enter`` {values}, ``start``,
        ``pause``, ``acknowledge`` {answer}.
        """
        self._live(now)
        hands: dict[str, Callable[[Details, Instant], None]] = {
            "kit": self._load_kit,
            "door": self._door,
            "connect": lambda d, _: self.washing.connect(text(d, "line"), text(d, "container")),
            "clamp": self._clamp,
            "bubble": lambda _, at: self.washing.wait(Stop.BUBBLE, at),
            "select": lambda d, _: self._select_by_hand(text(d, "protocol")),
            "edit": self._edit,
            "power": self._power,
            "clear": self._clear,
            "start at": self._start_at,
            "enter": self._enter,
            "start": self._start_by_hand,
            "pause": lambda _, at: self.washing.wait(Stop.PANEL, at),
            "acknowledge": self._acknowledge_by_hand,
            "lose histories": lambda _d, _at: self._files.clear(),
        }
        if action not in hands:
            msg = f"hand action is {action!r}; a Rotea has {', '.join(sorted(hands))}"
            raise FailedError(msg)
        hands[action](details, now)
        self._live(now)

    def _live(self, now: Instant) -> None:
        """Let the run go on up to now, and write its file when it has ended."""
        self.washing.catch_up(now)
        if self.washing.runs > self._reported and not self.washing.begun:
            self._reported = self.washing.runs
            done = Instant(float(self.washing.ended) + float(WRITES))
            self._files[f"run-{self._reported:04d}.csv"] = (history.write(self._history()), done)

    def _history(self) -> RunHistory:
        washing = self.washing
        counted = washing.volumes(washing.ended)
        processed, washed, collected, wasted = (Millilitres(getattr(counted, name)) for name in SIM_VOLUMES)
        volumes = ProcessValues(processed, washed, collected, wasted)
        started, ended = iso(washing.started), iso(washing.ended)
        return RunHistory("", self._protocol, self._kit[0], started, ended, tuple(washing.events), volumes)

    def _state(self, now: Instant) -> str:
        if self._error or not self._powered:
            return "InstrumentError"
        if self.washing.begun:
            return "ProtocolPaused" if self.washing.stop else "ProtocolRunning"
        if not self._protocol:
            return "NoProtocolSelected"
        if self._kit_state() != "Valid":
            return "ProtocolSelected"
        sent = self._sent is not None and now >= Instant(float(self._sent) + float(SENDS))
        return "ReadyToStart" if sent else "InstrumentReady"

    def _kit_state(self) -> str:
        """Give the state of the kit; its id is read when the door is closed."""
        if not self._kit[0] or not self._closed:
            return "NotLoaded"
        return "Valid" if self._kit[1] else "LoadedNotValid"

    def _set_parameter(self, n: int, value: nodes.Value) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not wire.INT32[0] <= value <= wire.INT32[1]:
            raise NodeRefusedError("BadTypeMismatch", "an Int32 is needed")
        if self.washing.begun:
            raise NodeRefusedError("BadInvalidState", "a run is on")
        self._set[n] = value
        self._sent = None

    def _command(self, command: str, now: Instant) -> None:
        if self._error or not self._powered:
            raise NodeRefusedError("BadInvalidState", "the instrument is in error")
        match command:
            case wire.Command.SEND:
                self._send(now)
            case wire.Command.RUN if self.washing.stop is not None:
                self._needs_door()
                self.acts["acknowledge"] += 1
                self.washing.go_on(now)
            case wire.Command.RUN if self._state(now) == "ReadyToStart":
                self._needs_door()
                self.acts["start"] += 1
                self._run(now)
            case wire.Command.SKIP if self.washing.begun:
                self._needs_door()
                self.acts["skip"] += 1
                self.washing.skip(now)
            case self._pause_word if self._pause_word and self.washing.running:
                self.acts["pause"] += 1
                self.washing.wait(Stop.PROGRAM, now)
            case _:
                raise NodeRefusedError("BadInvalidState", f"{command} is not possible in {self._state(now)}")

    def _send(self, now: Instant) -> None:
        protocol = self.library.get(self._protocol)
        if protocol is None or self.washing.begun or self._kit_state() != "Valid":
            raise NodeRefusedError("BadInvalidState", "a protocol and a valid kit are needed, and no run")
        if self._kit[0] in self._used:
            raise NodeRefusedError("BadInvalidState", f"kit {self._kit[0]} was used")
        if any(_valid(self._set.get(n), known) != wire.Valid.VALID for n, known in enumerate(protocol.parameters, 1)):
            raise NodeRefusedError("BadInvalidState", "a parameter is not set or not in range")
        self.acts["prepare"] += 1
        self._sent = now

    def _needs_door(self) -> None:
        if not self._closed:
            raise NodeRefusedError("BadInvalidState", "the door is open")

    def _run(self, now: Instant, *, step: int = 0) -> None:
        given = [float(self._set[n]) for n in range(1, 7)]
        self._used.add(self._kit[0])
        self._sent = None
        self.washing.begin(Setting(*given), now, step=step)

    def _select(self, protocol: str) -> None:
        if protocol not in self.library or self.washing.begun:
            raise NodeRefusedError("BadInvalidState", f"{protocol!r} can't be selected; there are {list(self.library)}")
        if protocol != self._protocol:
            self._protocol, self._sent = protocol, None
            self._set.clear()

    def _select_by_hand(self, protocol: str) -> None:
        self._by_hand(lambda: self._select(protocol))

    @staticmethod
    def _by_hand(act: Callable[[], None]) -> None:
        """Do at the panel what is refused over the link in the same words."""
        try:
            act()
        except NodeRefusedError as refusal:
            raise FailedError(refusal.text) from None

    def _edit(self, details: Details, _now: Instant) -> None:
        known = self.library[text(details, "protocol")]
        self.library[known.name] = replace(known, revision=text(details, "revision"))

    def _load_kit(self, details: Details, now: Instant) -> None:
        if self.washing.begun:
            msg = "the kit is in use; a run is on"
            raise FailedError(msg)
        kit = text(details, "id", "")
        used = kit in self._used or bool(details.get("used", False))
        self._kit = (kit, bool(details.get("valid", True)) and not used)
        self._sent = None
        if kit:
            self.washing.insert(now)

    def _door(self, details: Details, now: Instant) -> None:
        opened = flag(details, "open")
        if opened and self.washing.running:
            if not details.get("forced", False):
                msg = "the door is locked while a protocol runs"
                raise FailedError(msg)
            self._fail("door opened by force", now)
        self._closed = not opened
        if opened and not self.washing.begun:
            self._sent = None

    def _clamp(self, details: Details, now: Instant) -> None:
        self.washing.catch_up(now, cut=True)
        self.washing.clamped[text(details, "line")] = min(1.0, max(0.0, number(details, "share")))

    def _power(self, details: Details, now: Instant) -> None:
        self._powered = flag(details, "on")
        if not self._powered:
            self._sent = None
            if self.washing.begun:
                self._fail("power lost", now)

    def _fail(self, why: str, now: Instant) -> None:
        self.washing.break_off(why, now)
        self._error = True

    def _clear(self, _details: Details, _now: Instant) -> None:
        if not self._powered:
            msg = "the instrument has no power"
            raise FailedError(msg)
        self._error = False

    def _start_at(self, details: Details, now: Instant) -> None:
        """Let an administrator start at a step, with what is in the kit."""
        step = int(number(details, "step"))
        if self.washing.begun or self._error or not self._closed or not self._kit[0] or not 1 <= step <= len(STEPS):
            msg = f"a run can't be started at step {step} now"
            raise FailedError(msg)
        self._run(now, step=step - 1)

    def _enter(self, details: Details, now: Instant) -> None:
        """Enter parameters at the panel, by their names."""
        values, protocol = details.get("values"), self.library.get(self._protocol)
        if not isinstance(values, dict) or protocol is None:
            msg = (
                f"values are {values!r} for protocol {self._protocol!r}; names with numbers, and a protocol, are needed"
            )
            raise FailedError(msg)
        for n, (name, _, _) in enumerate(protocol.parameters, 1):
            if name in values:
                self._by_hand(partial(self._set_parameter, n, values[name]))
        self._sent = now

    def _start_by_hand(self, _details: Details, now: Instant) -> None:
        """Start at the panel what was entered, with a valid kit and the door closed."""
        protocol = self.library.get(self._protocol)
        sets = [_valid(self._set.get(n), known) for n, known in enumerate(protocol.parameters, 1)] if protocol else [""]
        if set(sets) != {wire.Valid.VALID} or self._kit_state() != "Valid" or self.washing.begun or self._error:
            msg = f"it does not start: {self._state(now)}, kit {self._kit_state()}, parameters {sets}"
            raise FailedError(msg)
        self._run(now)

    def _acknowledge_by_hand(self, details: Details, now: Instant) -> None:
        if self.washing.stop is None:
            msg = "the washer waits for nothing"
            raise FailedError(msg)
        if text(details, "answer", "continue") == "skip":
            self.washing.skip(now)
        else:
            self.washing.go_on(now)


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeRotea:
    """Make a washer; it knows the driver's ``pause_word`` and ``select_node``, as a site's own configuration."""
    return FakeRotea(
        world, name, pause_word=settings.get("pause_word", ""), select_node=settings.get("select_node", "")
    )
