"""Targets: the lines of the node port, of both sides, as the drivers and fakes behind OPC UA say and read them."""

import base64
import json

from automation.kernel.quantity import Instant
from fakes.vicell_blu_opcua import FakeViCellBluOpcUa
from instruments.drivers.lads import wire as lads
from instruments.drivers.rotea import wire as rotea
from instruments.drivers.sila_incubator import wire as sila
from instruments.drivers.vicell_blu_opcua import wire as vicell
from instruments.transport import nodes
from tests.fuzz import checksums
from tests.fuzz.target import BrokenError, Target, pure

DRIVERS = "instruments.drivers."


def _rotea(data: bytes) -> object:
    end = nodes.complete(data)
    if not end:
        return None
    reply = nodes.reply(data[:end])
    nodes_checked(data[:end])
    read = nodes.Read(reply.values, reply.status)
    if rotea.STATE not in reply.values:
        return reply.id, reply.ok, reply.error, reply.name, reply.text, dict(reply.values)
    state = rotea.word(rotea.STATES, read.text(rotea.STATE), node=rotea.STATE)
    return reply.id, state, read.whole(rotea.STEP), rotea.word(rotea.KITS, read.text(rotea.KIT), node=rotea.KIT)


def _lads(data: bytes) -> object:
    end = nodes.complete(data)
    if not end:
        return None
    reply = nodes.reply(data[:end])
    nodes_checked(data[:end])
    read = nodes.Read(reply.values, reply.status)
    if "State" not in reply.values:
        return reply.id, reply.ok, reply.out, reply.names, reply.error
    return lads.unit_state(read.text("State")), lads.running_state(read.text("Running"))


def _vicell(data: bytes) -> object:
    """Read what the server tells of a sample; each structure is also one of a method that gives less."""
    told = vicell.results(data.decode("utf-8", "replace"))
    vicell.done(data.decode("utf-8", "replace"))
    rows = tuple(vicell.rows(told, "S-1"))
    for row in rows:
        if row.total is not None and row.viable is not None and float(row.viable) > float(row.total) + 1.0:
            raise BrokenError(f"more viable than there are in {data[:80]!r}")
    return rows, vicell.others(told, "S-1")


def nodes_checked(data: bytes) -> None:
    """Raise BrokenError unless a line of the node port ends with the CRC-32 of its object."""
    body, _, crc = data.removesuffix(b"\n").rpartition(b" ")
    if crc != b"%08x" % checksums.iso_hdlc(body):
        raise BrokenError(f"{data[:80]!r} was accepted with a wrong CRC")


def nodes_sealed(data: bytes) -> bytes:
    """Close what stands in front of the last blank as a line of the node port."""
    body = data.partition(b"\n")[0].rpartition(b" ")[0]
    return b"%b %08x\n" % (body, checksums.iso_hdlc(body))


def _lads_corpus() -> list[bytes]:
    bodies = (
        b'{"id":1,"values":{"State":"Running","Running":"Held"},"status":{"State":"Good"}}',
        b'{"id":2,"ok":true,"out":["R1"]}',
        b'{"id":3,"ok":true,"names":["R1","R2"]}',
        b'{"id":4,"error":"BadInvalidState","name":"StartProgram"}',
    )
    return [nodes_sealed(body + b" 0") for body in bodies]


def _vicell_corpus() -> list[bytes]:
    fake, now = FakeViCellBluOpcUa(1, lambda _sample, _now: (2.0e6, 90.0)), Instant(1.8e9)
    fake.call(vicell.REQUEST_LOCK, (), now)
    for sample in ("S-1", "S-11"):
        fake.hand("count", {"sample": sample, "after": 10.0}, Instant(float(now) - 60.0))
    fake.hand("skip", {"sample": "S-1"}, now)
    asked = ("", vicell.EARLIEST, vicell.LATEST, vicell.OF_SAMPLE, "", "S-1", "")
    return [str(fake.call(vicell.GET_RESULTS, asked, now)[0]).encode(), b'{"MethodResult":0,"ErrorLevel":1}']


def _rotea_corpus() -> list[bytes]:
    look = b'"ProtocolState":"ProtocolRunning","ProtocolStepNumber":3,"KitState":"Valid","DoorState":"Closed"'
    bodies = (
        b'{"id":1,"values":{' + look + b'},"status":{"ProtocolState":"Good"}}',
        b'{"id":2,"ok":true}',
        b'{"id":3,"error":"BadOutOfRange","name":"SetParameter1","text":"1 to 2000"}',
        b'{"id":4,"values":{"SetParameter1":1200,"ProtocolName":"wash"},"status":{}}',
    )
    return [nodes_sealed(body + b" 0") for body in bodies]


def nodes_commands() -> list[bytes]:
    """Give reads, writes and folder words of a node port."""
    writes = ("SetParameter1", 1200), ("SetProtocolState", "SendProtocolToRotea"), ("SetProtocolState", "RunProtocol")
    bodies = [json.dumps({"id": n, "write": {name: value}}) for n, (name, value) in enumerate(writes)]
    bodies.append('{"id":9,"read":["ProtocolState","ParameterValid1","KitID"]}')
    bodies.append('{"id":10,"call":"A/StartProgram","args":["A",null,"B-1",7]}')
    bodies.append('{"id":11,"browse":"A/ResultSet"}')
    return [nodes_sealed(body.encode() + b" 0") for body in bodies]


def vicell_commands() -> list[bytes]:
    """Give what a driver asks of a Vi-CELL BLU's server."""
    asked = ["", vicell.EARLIEST, vicell.LATEST, vicell.OF_SAMPLE, "", "S-1", ""]
    bodies = (
        {"id": 1, "read": [vicell.STATUS, vicell.LOCK]},
        {"id": 2, "call": vicell.REQUEST_LOCK},
        {"id": 3, "call": vicell.GET_RESULTS, "args": asked},
        {"id": 4, "call": vicell.RELEASE_LOCK},
    )
    return [nodes_sealed(json.dumps(body).encode() + b" 0") for body in bodies]


def lads_commands() -> list[bytes]:
    """Give what a driver asks of a LADS device: values, a target, a program, a function started, results browsed."""
    unit = "DeviceSet/RockingBag/FunctionalUnitSet/Culture"
    warm, state = f"{unit}/FunctionSet/Temperature", f"{unit}/FunctionalUnitState"
    bodies = (
        {"id": 1, "read": [f"{warm}/CurrentValue", f"{state}/CurrentState"]},
        {"id": 2, "write": {f"{warm}/TargetValue": 36.5}},
        {"id": 3, "call": f"{state}/StartProgram", "args": ["Culture", None, "B-1", "grow", None]},
        {"id": 4, "call": f"{unit}/FunctionSet/pH/ControlFunctionState/Start"},
        {"id": 5, "browse": f"{unit}/ProgramManager/ResultSet"},
    )
    return [nodes_sealed(json.dumps(body).encode() + b" 0") for body in bodies]


def lads_freezer_commands() -> list[bytes]:
    """Give what a driver asks of a freezer behind LADS: states and values, a program up, down, started and stopped."""
    unit = "DeviceSet/Freezer/FunctionalUnitSet/Chamber"
    state, programs = f"{unit}/FunctionalUnitState", f"{unit}/ProgramManager"
    content = base64.b64encode(b"template Freezing\nstep 4\ndwell 60\nramp -6 10\n").decode()
    bodies = (
        {"id": 1, "read": [f"{state}/CurrentState", f"{programs}/ActiveProgram/EstimatedRuntime"]},
        {"id": 2, "call": f"{programs}/Upload", "args": [None, content]},
        {"id": 3, "call": f"{programs}/Download", "args": ["Freezing"]},
        {"id": 4, "call": f"{state}/StartProgram", "args": ["Freezing", None, "bag", "bag", None]},
        {"id": 5, "write": {f"{unit}/FunctionSet/Temperature/TargetValue": 4.0}},
        {"id": 6, "call": f"{state}/Stop"},
    )
    return [nodes_sealed(json.dumps(body).encode() + b" 0") for body in bodies]


def sila_commands() -> list[bytes]:
    """Give what a driver asks of a SiLA 2 device: properties, units, and a command with its parameters."""
    climate = "cellwright/fakes/IncubatorFakeClimate/v1"
    bodies = (
        {"id": 1, "read": [f"{climate}/Property/Temperature", f"{climate}/Property/Temperature/Unit"]},
        {"id": 2, "call": f"{climate}/Command/SetTemperature", "args": ['{"Target":36.5}']},
        {"id": 3, "browse": climate},
    )
    return [nodes_sealed(json.dumps(body).encode() + b" 0") for body in bodies]


def _nodes(data: bytes) -> object:
    end = nodes.complete(data)
    if not end:
        return None
    asked = nodes.request(data[:end])
    nodes_checked(data[:end])
    return asked.id, tuple(asked.read), dict(asked.write), asked.call, asked.args, asked.browse


def _sila(data: bytes) -> object:
    """Read what a command answered, and names as SiLA 2 has them."""
    text = data.decode("utf-8", "replace")
    return dict(sila.responses((text,))), sila.is_property(text), sila.is_command(text)


NODE_LINES = (
    Target(
        name="sila responses",
        covers=(f"{DRIVERS}sila_incubator.wire",),
        corpus=lambda: [b"{}", b'{"Run":"R1","Left":1.5,"Ok":true,"None":null}'],
        fresh=pure(_sila),
        harmless="no checksum: gRPC under TLS carries it, and another value is read back or seen in the device's state",
    ),
    Target(
        name="lads reply",
        covers=(f"{DRIVERS}lads.wire", "instruments.transport.nodes"),
        corpus=_lads_corpus,
        fresh=pure(_lads),
        seal=nodes_sealed,
    ),
    Target(
        name="rotea reply",
        covers=(f"{DRIVERS}rotea.wire", "instruments.transport.nodes"),
        corpus=_rotea_corpus,
        fresh=pure(_rotea),
        seal=nodes_sealed,
    ),
    Target(
        name="vicell opcua results",
        covers=(f"{DRIVERS}vicell_blu_opcua.wire",),
        corpus=_vicell_corpus,
        fresh=pure(_vicell),
        harmless="no checksum: OPC UA has its own; counts, concentrations and viability have to agree",
    ),
    Target(
        name="node port request",
        covers=("instruments.transport.nodes",),
        corpus=nodes_commands,
        fresh=pure(_nodes),
        seal=nodes_sealed,
    ),
)
