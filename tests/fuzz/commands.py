"""Targets: what a device, here its fake, reads from whoever talks to it; first the grammars, then every fake whole.

Fakes are served to other people's clients, so nothing that comes over the cable may bring one down.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points

from automation.kernel.errors import CellwrightError, WireError
from automation.kernel.quantity import Instant
from fakes.laboratory import BASE
from fakes.opentrons_arm import uuid
from fakes.plant import Build, Fake
from fakes.world import World
from instruments.drivers.curiox_ht2000 import wire as curiox
from instruments.drivers.eurotherm.wire import bisynch
from instruments.drivers.hamilton_star import wire as star
from instruments.drivers.hettich_460r import wire as hettich
from instruments.drivers.memmert_atmoweb import wire as atmoweb
from instruments.drivers.opentrons_ot2 import wire as ot2
from instruments.drivers.own_handler import wire as own
from instruments.drivers.zpl_printer.wire import symbol, zpl
from instruments.transport import folder, modbus
from instruments.transport.modbus_lines import Framing, heard
from tests.fuzz import checksums
from tests.fuzz.node_lines import (
    lads_commands,
    lads_freezer_commands,
    nodes_commands,
    nodes_sealed,
    sila_commands,
    vicell_commands,
)
from tests.fuzz.replies import (
    DRIVERS,
    ascii_body,
    ascii_sealed,
    bisynch_sealed,
    checked,
    modbus_sealed,
    own_sealed,
    tcp_sealed,
)
from tests.fuzz.target import Attempt, BrokenError, Target, pure
from tests.fuzz.vectors import vectors

FAKES = "cellwright.fakes"
START = 1_767_225_600.0  # s, 2026-01-01T00:00:00Z
STEP = 0.3  # s between two chunks
LIFE = 40  # chunks that one fake gets


def modbus_commands() -> list[bytes]:
    """Give requests as the driver sends them."""
    reads = (b"\1\3\0\1\0\2", b"\1\4\0\1\0\2", b"\1\6\0\x17\0\2", b"\1\x08\0\0\x12\x34", b"\1\3\x80\2\0\x22")
    writes = (b"\1\x10\0\x18\0\1\2\1\x2c", b"\1\x10\x20\x88\0\x08\x10\0\1\xff\x38\0\x0a" + bytes(10))
    images = (b"\1\x10\x80\4\0\2\4\x41\x20\0\0", b"\1\x10\xc1\x12\0\2\4\0\0\xea\x60")
    return [modbus_sealed(body) for body in (*reads, *writes, *images)]


def _modbus(data: bytes) -> object:
    found = []
    while length := modbus.whole(data):
        frame, data = data[:length], data[length:]
        try:
            asked = modbus.request(frame)
        except WireError:
            break
        if checksums.modbus(frame[:-2]).to_bytes(2, "little") != frame[-2:]:
            raise BrokenError(f"{frame.hex()} was accepted with a wrong CRC")
        found.append(asked)
    return found or None


def _modbus_lines(framing: Framing, data: bytes) -> object:
    found, rest = heard(framing, data)
    if framing is Framing.ASCII:
        checked_ascii(data[: len(data) - len(rest)], len(found))
    return [one.asked for one in found] or None


def checked_ascii(data: bytes, many: int) -> None:
    """Raise BrokenError unless every accepted ASCII frame has its right check."""
    for frame in data.split(b"\r\n")[:many]:
        if sum(bytes.fromhex(frame[1:].decode("ascii"))) & 0xFF:
            raise BrokenError(f"{frame!r} was accepted with a wrong LRC")


def bisynch_commands(*, sets: bool) -> list[bytes]:
    """Give requests to unit 1 that set a value, or that ask for one."""
    if sets:
        return [b"\x040011" + bisynch_sealed(b"\2" + body) for body in (b"SL-40.0", b"PC2", b"PN1", b"OR>0064")]
    return [b"\x040011" + name + b"\x05" for name in (b"PV", b"SL", b"PC", b"EE", b"ID")]


def _bisynch(data: bytes) -> object:
    found = []
    while data:
        asked, length = bisynch.request(data)
        if not length:
            break
        frame, data = data[:length], data[length:]
        if asked is None:
            continue
        if asked.text is not None:
            if asked.sound is not (checksums.parity(frame[6:-1]) == frame[-1]):
                raise BrokenError(f"{frame.hex()} is called {'sound' if asked.sound else 'unsound'}")
            if not asked.sound:
                continue
        found.append(asked)
    return found or None


def _bisynch_sealed(data: bytes) -> bytes:
    return data[:5] + bisynch_sealed(data[5:])


def star_commands() -> list[bytes]:
    """Give the golden commands, each as a transfer."""
    return [one["text"].encode() + star.END for one in vectors("hamilton_star")["commands"]]


def _star(data: bytes) -> object:
    frames = [star.read_command(text) for text in star.transfers(data)[0]]
    return [(frame.what, frame.id, [frame.numbers(name) for name in frame.parameters]) for frame in frames] or None


def own_commands() -> list[bytes]:
    """Give the golden requests."""
    return [one["line"].encode() + b"\n" for one in vectors("own_handler")["requests"]]


def _own(data: bytes) -> object:
    line, end, _ = data.partition(b"\n")
    if not end:
        return None
    asked = own.read_request(line)
    checked(line + end)
    return asked


FOLDER_COMMANDS = (folder.LIST, folder.read_request("S-1.csv"), folder.read_request("a b.csv"))
_FILES = {"S-1.csv": b"ab\ncd\n", "a b.csv": b"", "locked": b"x"}


def _folder(data: bytes) -> object:
    line, end, _ = data.partition(b"\n")
    if not end:
        return None
    entries = {name: folder.Entry(len(held), 1) for name, held in _FILES.items()}
    said = folder.answer(line + end, entries, _FILES.__getitem__)
    return None if said.startswith(b"-") else said


def zpl_commands() -> list[bytes]:
    """Give formats as the driver prints them, and the queries."""
    fields = (zpl.Text(20, 20, 28, 20, "Zoë ^ ~ _ µ"), zpl.Picture(300, 20, symbol.draw("CONTAINER:C-1", module=2)))
    formats = [zpl.write((field,), width=400, length=200).encode() for field in fields]
    return [*formats, *(b"^XA" + one["zpl"].encode() + b"^PQ2^XZ" for one in vectors("zpl_printer")["pictures"])]


def _zpl(data: bytes) -> object:
    drawn = zpl.read(data.decode("latin-1"))
    if not drawn.texts and not drawn.pictures:
        return None
    return drawn, [symbol.read(picture.dots) for picture in drawn.pictures]


def _symbol(data: bytes) -> object:
    code = data.decode("utf-8", "replace")
    if symbol.read(symbol.draw(code, module=2)) != (code,):
        raise BrokenError(f"{code!r} reads back as another code")
    return code


NO_CHECK = "no checksum: another command or value is another act, as on the real cable; the driver reads back"
GRAMMARS: tuple[Target, ...] = (
    Target(
        name="eurotherm modbus request",
        covers=("instruments.transport.modbus",),
        corpus=modbus_commands,
        fresh=pure(_modbus),
        seal=lambda data: modbus_sealed(data[:-2]),
    ),
    Target(
        name="modbus ascii request",
        covers=("instruments.transport.modbus_lines",),
        corpus=lambda: [ascii_sealed(frame[:-2]) for frame in modbus_commands()],
        fresh=pure(partial(_modbus_lines, Framing.ASCII)),
        seal=lambda data: ascii_sealed(ascii_body(data)),
    ),
    Target(
        name="modbus tcp request",
        covers=("instruments.transport.modbus_lines",),
        corpus=lambda: [tcp_sealed(frame[:-2]) for frame in modbus_commands()],
        fresh=pure(partial(_modbus_lines, Framing.TCP)),
        harmless=NO_CHECK,
    ),
    Target(
        name="eurotherm bisynch set",
        covers=(f"{DRIVERS}eurotherm.wire.bisynch",),
        corpus=lambda: bisynch_commands(sets=True),
        fresh=pure(_bisynch),
        seal=_bisynch_sealed,
    ),
    Target(
        name="eurotherm bisynch ask",
        covers=(f"{DRIVERS}eurotherm.wire.bisynch",),
        corpus=lambda: bisynch_commands(sets=False),
        fresh=pure(_bisynch),
        harmless="asks have no check byte: another parameter is told under its own name, which the driver compares",
    ),
    Target(
        name="hamilton_star command",
        covers=(f"{DRIVERS}hamilton_star.wire",),
        corpus=star_commands,
        fresh=pure(_star),
        harmless=NO_CHECK,
    ),
    Target(
        name="own_handler request",
        covers=(f"{DRIVERS}own_handler.wire",),
        corpus=own_commands,
        fresh=pure(_own),
        seal=own_sealed,
    ),
    Target(
        name="folder request",
        covers=("instruments.transport.folder",),
        corpus=lambda: FOLDER_COMMANDS,
        fresh=pure(_folder),
        harmless="no checksum: another name is another file, which says its own sample",
    ),
    Target(
        name="zpl_printer format",
        covers=(f"{DRIVERS}zpl_printer.wire.zpl",),
        corpus=zpl_commands,
        fresh=pure(_zpl),
        harmless="no checksum: every label is scanned after it is printed",
    ),
    Target(
        name="zpl_printer symbol",
        covers=(f"{DRIVERS}zpl_printer.wire.symbol",),
        corpus=lambda: [b"CONTAINER:C-1", b"=A99992112345600", b"&/CHA99992112345600", b"]d2"],
        fresh=pure(_symbol),
        harmless="another text is another code",
        share=0.1,
    ),
)


@cache
def chatter() -> tuple[bytes, ...]:
    """Give commands of every grammar: a fake without examples of its own still gets plenty to misunderstand."""
    return (
        *modbus_commands(),
        *bisynch_commands(sets=True),
        *bisynch_commands(sets=False),
        *star_commands(),
        *own_commands(),
        *nodes_commands(),
        *FOLDER_COMMANDS,
        *zpl_commands(),
        *sics_commands(),
        *tec_commands(),
        *scpi_commands(),
        b"~HS\r\n",
        b"~HI\r\n",
    )


def scpi_commands() -> list[bytes]:
    """Give lines for a logger."""
    scpi = ("*IDN?", "CONF:TEMP TC,T,(@101,102)", "ROUT:SCAN (@101,102)", "READ?", "SYST:ERR?", "FORM:READ:TIME ON")
    timed = ("TRIG:TIM 10", "TRIG:COUN 3", "INIT", "FETC?", "DATA:POIN?", "ABOR", "ROUT:SCAN?", "STAT:OPER:COND?")
    return [f"{word}\n".encode() for word in (*scpi, *timed)]


def sics_commands() -> list[bytes]:
    """Give lines for a balance."""
    sics = ("S", "SI", "T", "TI", "TA", "TAC", "Z", "ZI", "I0", "I1", "I2", "I3", "I4", "SIR", "SNR", "@", "M21 0 0")
    return [f"{word}\r\n".encode() for word in sics]


def hettich_commands() -> list[bytes]:
    """Give telegrams for a centrifuge."""
    asked = [hettich.Ask("]", code).frame for code in (hettich.STATE, hettich.FAULTS, hettich.ACTUAL, "00999")]
    told = ((hettich.RECALL, 0x0704), (hettich.TIME, 60), (hettich.SPEED, 2000), (hettich.ACTIVATE, 1))
    return [
        *asked,
        *(hettich.Tell("]", code, value=value).frame for code, value in (*told, hettich.START, hettich.STOP)),
    ]


def _hettich_sealed(body: bytes) -> bytes:
    head, start, text = body.partition(b"\2")
    if not start:
        return body
    text = text.partition(b"\3")[0] + b"\3"
    return head + start + text + bytes((checksums.parity(text),))


def tec_commands() -> list[bytes]:
    """Give lines for a store."""
    tec = ("*IDN?", "TEMPA?", "001 TEMPB?", "LEVL?", "FILL?", "FILT?", "ALMS?", "FILL 1", "ALMS 0")
    return [f"{word}\r\n".encode() for word in tec]


CURIOX_WORDS = ("0", "4", "211", "202", "1050400802025060090000012", "210", "224", "232", "201")
REGLO_WORDS = ("~1", "~", "xE1", "E", "L", "O", "S001250", "J", "K", "xD", "xM", "H", "I", "xe", "xC", "xJ", "#", "xS")


CYTOMAT_WORDS = (
    "ch:bs",
    "ch:be",
    "rs:be",
    "ll:in",
    "mv:ts 003",
    "mv:st 003",
    "ch:it",
    "ch:ic",
    "ch:ih",
    "ch:io",
    "ch:bw",
)


def ot2_commands() -> list[bytes]:
    """Give requests of a robot server's client: a run, what it needs to know, and a draw."""
    run = uuid("opentrons_ot2", "run", 1)  # the first that the fake makes
    labware = {"loadName": "tips", "namespace": "n", "version": 1, "labwareId": "tips", "location": {"slotName": "1"}}
    by, bottom = {"pipetteId": "left"}, {"origin": "bottom", "offset": {"x": 0, "y": 0, "z": 88}}
    commands: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("home", {}),
        ("loadPipette", {"pipetteName": "p1000_single_gen2", "mount": "left", **by}),
        ("loadLabware", labware),
        ("pickUpTip", {"labwareId": "tips", "wellName": "A1", "wellLocation": bottom, **by}),
        ("moveToCoordinates", {"coordinates": {"x": 196.38, "y": 42.785, "z": 10.0}, **by}),
        ("aspirateInPlace", {"volume": 5.0, "flowRate": 1.0, **by}),
        ("dispenseInPlace", {"volume": 5.0, "flowRate": 1.0, **by}),
        ("dropTipInPlace", by),
    )
    well = {"x": 14.36, "y": 74.26}
    definition = {"namespace": "n", "version": 1, "parameters": {"loadName": "tips"}, "wells": {"A1": well}}
    corner = {"cornerOffsetFromSlot": {"x": 0, "y": 0, "z": 0}}
    return [
        ot2.post("/runs", {}),
        ot2.post(f"/runs/{run}/labware_definitions", {**definition, **corner}),
        *(ot2.put(run, ot2.Command(*command, f"k.{n}.act"), within=1.0) for n, command in enumerate(commands)),
        *map(ot2.ask, ("/health", "/pipettes", "/runs?pageLength=1")),
        *(ot2.ask(f"/runs/{run}/{what}") for what in ("currentState", "commands?cursor=0&pageLength=12", "commands")),
    ]


def laboratory_commands() -> list[bytes]:
    """Give what is asked of a laboratory's system: requests sent, and what was found of one."""
    request = {"resourceType": "ServiceRequest", "status": "active", "identifier": [{"value": "T-1"}]}
    bundle = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": request}]}).encode()
    head = f"POST {BASE} HTTP/1.1\r\nHost: laboratory\r\nContent-Length: {len(bundle)}\r\n\r\n".encode()
    return [
        head + bundle,
        f"GET {BASE}/Observation?based-on.identifier=T-1 HTTP/1.1\r\nHost: laboratory\r\n\r\n".encode(),
    ]


WATLOW = (
    b"\1\3\x40\xb8\0\1",
    b"\1\3\x4a\x96\0\x0c",
    b"\1\6\x49\xca\5\x5f",
    b"\1\6\x4a\x96\7\x87",
    b"\1\x10\x4a\xaa\0\2\4\0\0\x40\x80",
    b"\1\6\x40\xb2\6\xf6",
)
"""A state and a step read, a profile added, its first step and target written, and started."""
_OWN_WORDS: dict[str, Callable[[], Sequence[bytes]]] = {
    "curiox_ht2000": lambda: [curiox.command(word) for word in CURIOX_WORDS],
    "digital_inputs": lambda: [modbus_sealed(body) for body in (b"\1\2\0\0\0\3", b"\1\1\0\1\0\2", b"\1\2\0\7\0\x20")],
    "cryostream": lambda: [
        bytes.fromhex(one) for one in ("060b01681f40", "040e1f40", "020d", "0213", "020a", "032801")
    ],
    "cytomat": lambda: [f"{one}\r\n".encode() for one in CYTOMAT_WORDS],
    "echotherm": lambda: [b"v\r", b"V\r", b"s\r", b"p\r", b"n37.0\r", b"i\r", b"I\r", b"b00:05\r", b"BSz\r"],
    "eurotherm_freezer": modbus_commands,
    "eurotherm_bisynch": lambda: [*bisynch_commands(sets=True), *bisynch_commands(sets=False)],
    "hamilton_star": star_commands,
    "hettich_460r": hettich_commands,
    "keysight_34970a": scpi_commands,
    "lighthouse": lambda: [ascii_sealed(body) for body in (b"\1\3\0\2\0\x16", b"\1\6\0\1\0\x0b", b"\1\4\0\0\0\x0c")],
    "mt_sics": sics_commands,
    "modbus_map": lambda: [modbus_sealed(body) for body in (b"\1\3\0\0\0\2", b"\1\3\2\0\0\2", b"\1\3\0\6\0\2")],
    "opentrons_ot2": ot2_commands,
    "own_handler": own_commands,
    "reglo_icc": lambda: [f"1{word}\r".encode() for word in REGLO_WORDS],
    "sartorius_sbi": lambda: [f"\x1b{word}\r\n".encode() for word in ("P", "T", "V", "x1_", "x2_", "S")],
    "tec3000": tec_commands,
    "laboratory": laboratory_commands,
    "lads_freezer": lads_freezer_commands,
    "rocking_bag": lads_commands,
    "sila_incubator": sila_commands,
    "rotea": lambda: [*nodes_commands(), *FOLDER_COMMANDS],
    "vicell_blu_file": lambda: FOLDER_COMMANDS,
    "vicell_blu_opcua": vicell_commands,
    "memmert_atmoweb": lambda: [atmoweb.request(("Temp1Read", "SN")), atmoweb.request((), {"TempSet": "37.0"})],
    "watlow_f4t": lambda: [tcp_sealed(one) for one in WATLOW],
    "watson_marlow": lambda: [f"1{word}\r".encode() for word in ("RS", "ZY", "SP55.5", "RL", "GO", "ST", "RX")],
    "zpl_printer": lambda: [*zpl_commands(), b"~HS\r\n", b"~HI\r\n"],
}
_SEALS: dict[str, Callable[[bytes], bytes]] = {
    "eurotherm_freezer": lambda data: modbus_sealed(data[:-2]),
    "eurotherm_bisynch": _bisynch_sealed,
    "lighthouse": lambda data: ascii_sealed(ascii_body(data)),
    "modbus_map": lambda data: modbus_sealed(data[:-2]),
    "digital_inputs": lambda data: modbus_sealed(data[:-2]),
    "hettich_460r": _hettich_sealed,
    "lads_freezer": nodes_sealed,
    "own_handler": own_sealed,
    "rocking_bag": nodes_sealed,
    "sila_incubator": nodes_sealed,
    "rotea": nodes_sealed,
    "watlow_f4t": lambda data: tcp_sealed(data[6:]),
    "vicell_blu_opcua": nodes_sealed,
}


@contextlib.contextmanager
def _served(point: EntryPoint) -> Iterator[Attempt]:
    fake, now = made(point), [START]

    def attempt(data: bytes) -> object:
        """Let a chunk reach the fake, and give what it says by then."""
        now[0] += STEP
        return _heard(fake, data, Instant(now[0])) or None

    yield attempt


def made(point: EntryPoint) -> Fake:
    """Make an installed fake in a world of its own."""
    build: Build = point.load()
    return build(World(1), point.name, {})


def _heard(fake: Fake, data: bytes, now: Instant) -> bytes:
    """Give what a fake says to a chunk; on a served port nobody would catch an error of it."""
    try:
        said = fake.feed(data, now) + fake.unasked(now)
        fake.due(now)
    except CellwrightError as error:
        raise BrokenError(f"{type(error).__name__} came out of the fake: {error}") from error
    return said


def _fake(point: EntryPoint) -> Target:
    return Target(
        name=f"fake {point.name}",
        covers=(f"{FAKES}:{point.name}",),
        corpus=_OWN_WORDS.get(point.name, chatter),
        fresh=partial(_served, point),
        seal=_SEALS.get(point.name),
        harmless="a fake answers as its device would",
        life=LIFE,
        share=0.1,
    )


def fakes() -> tuple[Target, ...]:
    """Give one target for every installed fake."""
    return tuple(map(_fake, sorted(entry_points(group=FAKES), key=lambda point: point.name)))
