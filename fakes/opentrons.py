"""Fake of an Opentrons OT-2 with two pipettes of 1 mL: its robot server over ``opentrons_arm``.

Liquid moves in the world when a command begins, the answer comes when the arm is done. A run and what it holds are
gone with the power. Assumed: what becomes of a request that comes while the arm moves (questions are answered at
once, commands one after the other); ids and times are made of what happened.
Units:  s.
Source: Opentrons robot-server: runs/router, run_models.py and its integration tests; api: protocol_engine/errors.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from automation.kernel.errors import FailedError, WireError
from automation.kernel.quantity import Instant
from fakes import http
from fakes.freezer import flag, number, text
from fakes.opentrons_arm import HOME, MOUNTS, Arm, CommandError, Object, Run, dig, uuid
from fakes.pipetting import WASTE
from fakes.world import World
from instruments.interfaces.liquid_handler import Cause
from instruments.labware.deck import Deck, load

SERIALS = {"left": "P1KSV2020SIM01", "right": "P1KSV2020SIM02"}
VERSION = "8.2.0"
SERIAL = "OT2CEP20SIM01"
COUNTED = {
    "home": "set up",
    "pickUpTip": "pick up",
    "aspirateInPlace": "aspirate",
    "dispenseInPlace": "dispense",
    "dropTip": "drop",
    "dropTipInPlace": "drop",
}
"""What is counted, by the command that does it."""


class _RefusedError(Exception):
    """A request that the server does not take: status, name of the error, detail."""

    def __init__(self, status: int, *, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail


class FakeOpentrons:
    """Robot server, arm and deck of one OT-2; ``acts`` counts the commands that it began."""

    def __init__(self, world: World, name: str, deck: Deck) -> None:
        """Stand in a world with a deck whose tip rack is full; switched on, without a run, not homed."""
        self.arm = Arm(world, name, deck)
        self.pipettor = self.arm.pipettor
        self.acts = dict.fromkeys(COUNTED.values(), 0)
        self.version = VERSION
        self.serial: str | None = SERIAL
        self._name = name
        self._powered = True
        self._runs = self._commands = 0  # ever made
        self._run: Run | None = None
        self._free = Instant(0.0)  # when the arm is done with what it was told
        self._late: list[tuple[Instant, bytes]] = []
        self._received = b""
        self._stuck = ""  # the error that the next command fails with

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every whole request; a command when it has ended."""
        if not self._powered:
            return b""
        self._received, said = self._received + data, b""
        while self._received:
            try:
                request, self._received = http.take(self._received)
            except WireError:
                self._received = b""
                return said + http.answer(400, _errors("BadRequest", "not an HTTP request"))
            if request is None:
                break
            said += self._answer(request, now)
        return said

    def unasked(self, now: Instant) -> bytes:
        """Give the answers that are due."""
        ready = b"".join(answer for at, answer in self._late if at <= now)
        self._late = [entry for entry in self._late if entry[0] > now]
        return ready

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  the answers know their own time
        """Tell when the next answer comes."""
        return self._late[0][0] if self._late else None

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for what is not possible.

        ``place`` a ``container`` on a ``position``, ``take`` it away ``to`` a place; ``tips`` refills the racks,
        ``no tips`` empties them; ``clot``, ``block`` and ``lose tip`` of a ``channel``; ``remove tips`` by hand;
        ``stall`` {error}: the next command fails; ``app``: somebody begins a run of his own; ``power`` {on}.
        """
        pipettor = self.pipettor
        match action:
            case "place":
                pipettor.place(text(details, "container"), at=self.arm.place(text(details, "position")), now=now)
            case "take":
                pipettor.take(self.arm.place(text(details, "position")), to=text(details, "to", "bench"), now=now)
            case "tips":
                pipettor.refill()
            case "no tips":
                pipettor.run_out()
            case "clot" | "block":
                cause = Cause.CLOT if action == "clot" else Cause.PRESSURE
                pipettor.trouble(pipettor.number(number(details, "channel")), cause)
            case "lose tip":
                pipettor.lose_tip(pipettor.number(number(details, "channel")), now)
            case "remove tips":
                for channel in pipettor.channels:
                    pipettor.drop(channel, WASTE, now)
            case "stall":
                self._stuck = text(details, "error", "StallOrCollisionDetectedError")
            case "app":
                self._begin()
            case "power":
                self._power(on=flag(details, "on"))
            case _:
                known = "place, take, tips, no tips, clot, block, lose tip, remove tips, stall, app and power"
                raise FailedError(f"action is {action!r}; an OT-2 knows {known}")

    def _power(self, *, on: bool) -> None:
        """Switch: the run is gone, and where the arm stands; tips stay on, and nobody knows of them."""
        self._powered, self._run = on, None
        self.arm.forget(position=True)
        self._late, self._received, self._free = [], b"", Instant(0.0)

    @property
    def run(self) -> Run | None:
        """Give the current run."""
        return self._run

    def _begin(self) -> Run:
        self._runs += 1
        self.arm.forget(position=False)
        self._run = Run(uuid(self._name, "run", self._runs))
        return self._run

    # what is asked

    def _answer(self, request: http.Request, now: Instant) -> bytes:
        """Answer a request, at once or later."""
        path, _, query = request.target.partition("?")
        words = path.strip("/").split("/")
        try:
            match request.method, words:
                case "GET", ["health"]:
                    return _ok(self._health())
                case "GET", ["pipettes"]:
                    return _ok({mount: self._pipette(mount) for mount in MOUNTS})
                case "GET", ["runs"]:
                    return _ok(self._listed())
                case "POST", ["runs"]:
                    return _ok({"data": self._told(self._begin())}, 201)
                case "POST", ["robot", "home"]:
                    self.arm.home()
                    self.acts[COUNTED["home"]] += 1
                    return self._when_done(now, HOME, http.answer(200, b'{"message":"Homing robot."}'))
                case method, ["runs", run, *rest]:
                    return self._of_run(self._current(run), (method, *rest), query, request.body, now)
        except _RefusedError as wrong:
            return http.answer(wrong.status, _errors(wrong.kind, wrong.detail))
        return http.answer(404, _errors("NotFound", f"{request.method} {path}"))

    def _of_run(self, run: Run, asked: tuple[str, ...], query: str, body: bytes, now: Instant) -> bytes:
        match asked:
            case "GET", "currentState":
                states = {id_: {"hasTip": self.arm.pipettes[mount].tip} for id_, mount in run.pipettes.items()}
                state = {"estopEngaged": False, "activeNozzleLayouts": {}, "tipStates": states}
                return _ok({"data": state, "links": {}})
            case "GET", "commands":
                return _ok(self._page(run, query, now))
            case "GET", "commands", wanted:
                for command in run.commands:
                    if command["id"] == wanted:
                        return _ok({"data": _seen(command, now)})
                raise _RefusedError(404, kind="CommandNotFound", detail=wanted)
            case "POST", "labware_definitions":
                definition = _data(body)
                loaded = dig(definition, "parameters", "loadName")
                uri = f"{definition.get('namespace')}/{loaded}/{definition.get('version')}"
                run.defined[uri] = definition
                return _ok({"data": {"definitionUri": uri}}, 201)
            case "POST", "commands":
                return self._enqueue(run, _data(body), "waitUntilComplete=true" in query, now)
            case "POST", "cancel" | "actions", *_:
                self._run = None
                return _ok({"data": {}}, 201)
            case _:
                raise _RefusedError(404, kind="NotFound", detail="/".join(asked))

    def _current(self, run: str) -> Run:
        if self._run is None or self._run.id != run:
            raise _RefusedError(
                404 if self._run is None else 409, kind="RunStopped", detail=f"Run {run} is not the current run"
            )
        return self._run

    def _health(self) -> Object:
        return {
            "name": self._name,
            "robot_model": "OT-2 Standard",
            "api_version": self.version,
            "fw_version": "v2.9.0",
            "board_revision": "2.1",
            "logs": ["/logs/serial.log", "/logs/api.log"],
            "system_version": f"v{self.version}",
            "robot_serial": self.serial,
            "links": {},
        }

    def _pipette(self, mount: str) -> Object:
        name, axes = self.arm.mounted.get(mount), ("z", "b") if mount == "left" else ("a", "c")
        told = {"model": name and f"{name.removesuffix('_gen2')}_v2.2", "name": name, "tip_length": 0.0}
        return {**told, "mount_axis": axes[0], "plunger_axis": axes[1], "id": name and SERIALS[mount]}

    def _told(self, run: Run) -> Object:
        return {"id": run.id, "status": "idle", "current": True, "actions": [], "errors": []}

    def _listed(self) -> Object:
        run = self._run
        links = {} if run is None else {"current": {"href": f"/runs/{run.id}"}}
        data = [] if run is None else [self._told(run)]
        return {"data": data, "links": links, "meta": {"cursor": 0, "totalLength": len(data)}}

    def _page(self, run: Run, query: str, now: Instant) -> Object:
        wanted = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
        total, length = len(run.commands), _whole(wanted.get("pageLength", "20"))
        cursor = _whole(wanted["cursor"]) if "cursor" in wanted else max(0, total - length)
        listed = [_seen(command, now) for command in run.commands[cursor : cursor + length]]
        summaries = [{name: value for name, value in one.items() if name != "result"} for one in listed]
        return {"data": summaries, "meta": {"cursor": cursor, "totalLength": total}, "links": {}}

    # what is done

    def _enqueue(self, run: Run, data: Object, waits: bool, now: Instant) -> bytes:  # noqa: FBT001
        kind, params = data.get("commandType"), data.get("params")
        work = self.arm.works.get(kind) if isinstance(kind, str) else None
        if work is None or not isinstance(kind, str) or not isinstance(params, dict):
            raise _RefusedError(422, kind="InvalidRequest", detail=f"commandType is {str(kind)[:80]!r}")
        self._commands += 1
        made = uuid(self._name, "command", self._commands)
        begun = max(now, self._free)
        command: Object = {"id": made, "key": str(data.get("key", made)), "commandType": kind, "params": params}
        command |= {"createdAt": _iso(now), "startedAt": _iso(begun), "intent": "setup"}
        stuck, self._stuck = self._stuck, ""
        try:
            result, took = work(run, params, now)
            if kind in COUNTED:
                self.acts[COUNTED[kind]] += 1
            if stuck:
                raise CommandError(stuck, "the arm has lost its position")
            command |= {"status": "succeeded", "result": result}
        except CommandError as wrong:
            took = 0.5  # s
            error = {"id": uuid(made, "error", 1), "createdAt": _iso(begun), "errorType": wrong.kind}
            command |= {"status": "failed", "error": {**error, "detail": wrong.detail, "errorCode": "4000"}}
        ends = Instant(float(begun) + took)
        command |= {"completedAt": _iso(ends), "_begins": float(begun), "_ends": float(ends)}
        run.commands.append(command)
        self._free = ends
        if not waits:
            return _ok({"data": _seen(command, now)}, 201)
        return self._when_done(now, float(ends) - float(now), _ok({"data": _seen(command, ends)}, 201))

    def _when_done(self, now: Instant, took: float, said: bytes) -> bytes:
        ends = Instant(float(now) + took)
        if ends <= now:
            return said
        self._late.append((ends, said))
        return b""


def _seen(command: Object, now: Instant) -> Object:
    """Give a command as it stands now."""
    told = {name: value for name, value in command.items() if not name.startswith("_")}
    begins, ends = command["_begins"], command["_ends"]
    if isinstance(ends, float) and float(now) < ends:
        told = {name: value for name, value in told.items() if name not in {"completedAt", "result", "error"}}
        told["status"] = "running" if isinstance(begins, float) and float(now) >= begins else "queued"
    return told


def _ok(said: Object, status: int = 200) -> bytes:
    return http.answer(status, json.dumps(said, separators=(",", ":")).encode())


def _errors(kind: object, detail: object) -> bytes:
    return json.dumps({"errors": [{"id": kind, "title": kind, "detail": detail, "errorCode": "4000"}]}).encode()


def _data(body: bytes) -> Object:
    """Read what a request has under ``data``; nothing is an empty object."""
    try:
        found = json.loads(body or b'{"data":{}}', parse_constant=_refuse)
    except (ValueError, RecursionError):
        found = None
    data = found.get("data") if isinstance(found, dict) else None
    if not isinstance(data, dict):
        raise _RefusedError(422, kind="InvalidRequest", detail="the body is no object with data")
    return data


def _whole(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 6):
        raise _RefusedError(422, kind="InvalidRequest", detail=f"{word[:80]!r} is no number")
    return int(word)


def _refuse(word: str) -> float:
    raise ValueError(word)


def _iso(at: Instant) -> str:
    return datetime.fromtimestamp(float(at), UTC).isoformat(timespec="microseconds")


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeOpentrons:
    """Make an OT-2; ``deck`` names its deck."""
    return FakeOpentrons(world, name, load(settings.get("deck", "bench-ot2")))
