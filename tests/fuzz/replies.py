"""Targets: what a driver reads from its device, as far as the grammar goes.

Each attempt goes the way of the driver: where does the reply end, then what does it say. Examples are the golden lines
of ``tests/wire/vectors`` (from documents and captures) and a few of our own making where a document has none.
"""

import contextlib
import struct
from collections.abc import Callable, Sequence
from functools import cache, partial

from automation.kernel.errors import CellwrightError
from instruments.drivers.cytomat import wire as cytomat
from instruments.drivers.echotherm import wire as echotherm
from instruments.drivers.eurotherm.wire import bisynch, registers
from instruments.drivers.hamilton_star import wire as star
from instruments.drivers.keysight_34970a import wire as keysight
from instruments.drivers.lighthouse import wire as lighthouse
from instruments.drivers.memmert_atmoweb import wire as atmoweb
from instruments.drivers.modbus_map.wire import values
from instruments.drivers.modbus_map.wire.model import Kind, Order, Place, Span
from instruments.drivers.mt_sics import wire as sics
from instruments.drivers.opentrons_ot2 import wire as ot2
from instruments.drivers.own_handler import wire as own
from instruments.drivers.serial_scanner import wire as scanner
from instruments.drivers.tec3000 import wire as tec
from instruments.drivers.watlow_f4t import wire as watlow
from instruments.drivers.zpl_printer.wire import status as zpl
from instruments.transport import folder, modbus
from instruments.transport import http as web
from instruments.transport.modbus_lines import Framer, Framing
from tests.fuzz import checksums
from tests.fuzz.target import BrokenError, Target, pure
from tests.fuzz.vectors import lines, vectors

DRIVERS = "instruments.drivers."
ENDED_BY_LINE = "no checksum: a changed digit is another value, which the driver's own limits and the alarms judge"
_LAST = 17  # words in one look at a 2400

_READS = (modbus.Read(1, 1, count=2), modbus.Read(1, 32770, count=2 * _LAST))
_EXCHANGES = (*_READS, modbus.Write(1, 24, data=b"\0\x32"), modbus.WriteOne(1, 23, value=2))


def _modbus(data: bytes) -> object:
    for exchange in _EXCHANGES if data else ():
        try:
            length = exchange.complete(data)
        except CellwrightError:
            continue
        if length:
            return _modbus_said(exchange, data[:length])
    return None


def _modbus_said(exchange: modbus.Read | modbus.Write | modbus.WriteOne, reply: bytes) -> object:
    if checksums.modbus(reply[:-2]).to_bytes(2, "little") != reply[-2:]:
        raise BrokenError(f"{reply.hex()} was accepted with a wrong CRC")
    exchange.check(reply)
    if not isinstance(exchange, modbus.Read):
        return reply
    said = exchange.data(reply)
    whole = range(0, len(said) - 3, 4)
    numbers = [registers.number(said, at) for at in whole]
    return numbers, [registers.milliseconds(said, at) for at in whole], registers.word(said), registers.signed(said)


def _modbus_corpus() -> list[bytes]:
    image = b"".join(struct.pack(">f", -40.0 + n) for n in range(_LAST))
    bodies = (b"\1\3\4\0\xea\xff\x38", b"\1\3" + bytes((4 * _LAST,)) + image, b"\1\x10\0\x18\0\1", b"\1\6\0\x17\0\2")
    return [*map(modbus_sealed, (*bodies, b"\1\x83\2", b"\1\x90\3", b"\1\x86\6"))]


def modbus_sealed(body: bytes) -> bytes:
    """Close a Modbus frame with its CRC."""
    return body + checksums.modbus(body).to_bytes(2, "little")


_PLACES = tuple(Place(Span(3, 1, 2), kind, order) for kind in (Kind.FLOAT32, Kind.INT32) for order in Order)


def _modbus_line(framing: Framing, data: bytes) -> object:
    """Read a reply of two registers as floats, whole numbers and text, the way that a driver by map does."""
    asked = _READS[0]
    framed = Framer(framing).framed(asked)
    length = framed.complete(data) if data else 0
    if not length:
        return None
    if framing is Framing.ASCII and sum(bytes.fromhex(data[1 : length - 2].decode())) & 0xFF:
        raise BrokenError(f"{data[:length]!r} was accepted with a wrong LRC")
    said = asked.data(framed.rtu(data[:length]))
    return [values.number(place, said) for place in _PLACES], first((lambda _: values.text(said),), "")


def ascii_sealed(body: bytes) -> bytes:
    """Close a body as a Modbus ASCII frame."""
    return b":" + (body + bytes((checksums.lrc(body),))).hex().upper().encode() + b"\r\n"


def _watlow(data: bytes) -> object:
    """Read registers as all that they can be."""
    told = watlow.text(data[: len(data) // 2 * 2])
    if len(data) == 2:
        return told, watlow.running(watlow.word(data)), watlow.kind(watlow.word(data))
    return told, (watlow.number(data), watlow.long(data)) if len(data) == 4 else ()


def tcp_sealed(body: bytes) -> bytes:
    """Give a body the header of the first Modbus TCP transaction."""
    return b"\0\1\0\0" + (len(body) & 0xFFFF).to_bytes(2, "big") + body


def ascii_body(data: bytes) -> bytes:
    """Give what the digits of a damaged ASCII frame say, without its check."""
    digits = bytes(byte for byte in data.upper() if byte in b"0123456789ABCDEF")
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode())[:-1]


_MODBUS_BODIES = (b"\1\3\4\x42\x34\0\0", b"\1\3\4\0\0\x42\x34", b"\1\3\4\xff\xff\xfc\xe0", b"\1\x83\2", b"\1\3\4AB\0\0")


_COUNTER = (
    (lighthouse.read_state(1), lighthouse.state),
    (lighthouse.read_identity(1), lighthouse.identity),
    (lighthouse.read_record(1, 2), lighthouse.record),
)


def _lighthouse(data: bytes) -> object:
    for asked, read in _COUNTER if data else ():
        framed = Framer(Framing.ASCII).framed(asked)
        try:
            length = framed.complete(data)
        except CellwrightError:
            continue
        if length:
            return read(asked.data(framed.rtu(data[:length])))
    return None


def _lighthouse_corpus() -> list[bytes]:
    record = struct.pack(">IIiIII", 1_767_225_600, 60, 1, 2, 40, 3)
    names = struct.pack(">HI", 210, 80123) + b"SOLAIR".ljust(16, b"\0") + b"3100".ljust(16, b"\0")
    state = struct.pack(">22H", 5, *(0,) * 19, 100, 7)
    heads = ((3, state), (3, names), (4, record))
    return [ascii_sealed(bytes((1, function, len(body))) + body) for function, body in heads]


_ASKS = {name: bisynch.Ask(12, name) for name in ("PV", "SL", "PC", "EE", "ID")}


def _bisynch(data: bytes) -> object:
    for name, ask in _ASKS.items() if data else ():
        try:
            length = ask.complete(data)
        except CellwrightError:
            continue
        if length:
            reply = data[:length]
            if length > 1 and checksums.parity(reply[1:-1]) != reply[-1]:
                raise BrokenError(f"{reply.hex()} was accepted with a wrong check byte")
            text = ask.text(reply)
            return name, bisynch.whole(text) if name in {"PC", "EE", "ID"} else bisynch.number(text)
    return None


def bisynch_sealed(body: bytes) -> bytes:
    """Close what stands behind STX with ETX and its check byte."""
    text = body.partition(b"\2")[2].partition(b"\3")[0] + b"\3"
    return b"\2" + text + bytes((checksums.parity(text),))


def _bisynch_told(data: bytes) -> object:
    tell = bisynch.Tell(12, "SL", text="-40.0")
    return tell.accepted(data[: tell.complete(data)]) if data else None


_TO = tuple(star.read_command(f"{what}id{number:04}") for what, number in (("C0QM", 1111), ("P1OQ", 1111), ("C0RU", 2)))


def _star(data: bytes) -> object:
    for to in _TO:
        end = star.answered(data, to)
        if end:
            return star.read_answer(star.last(data[:end]))
    return None


def _keysight(data: bytes) -> object:
    end = keysight.line_complete(data)
    text = keysight.text(data[:end]) if end else ""
    readings = (keysight.identification, keysight.unblock, partial(keysight.samples, expected=(101,)))
    return first((*readings, keysight.error), text) if text else None


def first(ways: Sequence[Callable[[str], object]], text: str) -> object:
    """Give the first reading that is possible; a driver knows what it asked for."""
    for way in ways:
        try:
            return way(text)
        except CellwrightError:
            continue
    return None


def _sics(data: bytes) -> object:
    for command in ("S", "TA", "I2", "I4"):
        end = sics.Until(command)(data)
        if end:
            last = sics.answer(command, data[:end])[-1]
            return last.status, sics.mass(last.fields) if command in {"S", "TA"} and last.fields else last.fields
    return None


def _own(data: bytes) -> object:
    for tag in ("q1", "q2", "q3", "1a2b3c4e", "00c0ffee", "1a2b3c4f"):
        end = own.ended(tag, data)
        if end:
            checked(data[:end])
            word, rest = own.answer(data[:end], tag)
            ways = (partial(own.read_did, tag=tag), own.read_last, own.read_status)
            return word, first(ways, rest) or rest
    return None


def checked(data: bytes) -> None:
    """Raise BrokenError unless every line ends with the CRC of what stands before it."""
    for line in data.split(b"\n")[:-1]:
        body, _, crc = line.rpartition(b" ")
        if crc != b"%04x" % checksums.xmodem(body):
            raise BrokenError(f"{line[:80]!r} was accepted with a wrong CRC")


def own_sealed(data: bytes) -> bytes:
    """Close what stands in front of the last blank as a line of our own handler."""
    body = data.partition(b"\n")[0].rpartition(b" ")[0] or data.partition(b"\n")[0]
    return b"%b %04x\n" % (body, checksums.xmodem(body))


def _scanner(data: bytes) -> object:
    read = tuple(scanner.read(line) for line in scanner.Lines().feed(data))
    return read if any(isinstance(one, scanner.Read) for one in read) else None


def _tec(data: bytes) -> object:
    end = tec.complete(data)
    if not end:
        return None
    said = tec.text(data[:end])
    return first((partial(tec.flag, to="FILL?"), partial(tec.number, to="TEMPA?"), tec.identification), said)


def _echotherm(data: bytes) -> object:
    end = echotherm.complete(data)
    if not end:
        return None
    said = echotherm.text(data[:end])
    return first((echotherm.set_point, echotherm.identification), said), echotherm.plate(said)


def _atmoweb(data: bytes) -> object:
    end = atmoweb.complete(data)
    if not end:
        return None
    found = atmoweb.values(data[:end])
    return [atmoweb.number(found, name) for name in ("Temp1Read", "CO2Read")], atmoweb.word(found, "SN")


_CYTOMAT = tuple(cytomat.Command(*one) for one in (("ch", "bs"), ("ch", "be"), ("mv", "ts", ("001",)), ("ch", "it")))


def _cytomat(data: bytes) -> object:
    end = cytomat.complete(data)
    for to in _CYTOMAT if end else ():
        with contextlib.suppress(CellwrightError):
            words = cytomat.answer(data[:end], to)
            numbers = [float(word) for word in words[1:]] if words[0] in cytomat.CLIMATE else [int(words[1], 16)]
            return words, numbers, cytomat.overview(int(numbers[0]) & 255).code
    return None


_OT2 = (ot2.run_id, ot2.current_run, ot2.entries, ot2.carrying, ot2.mounted, lambda told: ot2.entry(ot2.data(told)))


def _ot2(data: bytes) -> object:
    end = web.complete(data)
    if not end:
        return None
    told = ot2.said(data[:end])
    found = []
    for read in _OT2:
        with contextlib.suppress(CellwrightError):
            found.append(read(told))
    return found or None


OT2_COMMAND = b'{"id":"c1","key":"t.1.1.act","commandType":"aspirateInPlace","status":"%b","params":{"volume":5.0}%b}'
OT2_FAILED = b',"error":{"errorType":"MustHomeError","detail":"please home"}'
OT2_BODIES = (
    b'{"data":{"id":"7ad8b0c6-1111-4222-8333-444455556666","status":"idle"}}',
    b'{"data":[],"links":{"current":{"href":"/runs/7ad8b0c6"}}}',
    b'{"data":%b}' % OT2_COMMAND % (b"succeeded", b""),
    b'{"data":[%b],"meta":{"cursor":0,"totalLength":1}}' % OT2_COMMAND % (b"failed", OT2_FAILED),
    b'{"data":{"estopEngaged":false,"tipStates":{"left":{"hasTip":true},"right":{"hasTip":false}}},"links":{}}',
    b'{"left":{"name":"p1000_single_gen2","id":"P1"},"right":{"name":null,"id":null}}',
)


def http(body: bytes) -> bytes:
    """Frame an answer of a device."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def _zpl(data: bytes) -> object:
    end = zpl.Until(zpl.STATUS_LINES)(data)
    return zpl.status(data[:end]) if end else None


def _zpl_identification(data: bytes) -> object:
    end = zpl.Until(1)(data)
    return zpl.identification(data[:end]) if end else None


def _folder(data: bytes) -> object:
    if data.startswith(b"-") or (data[:1].isdigit() and b"\t" not in data.partition(b"\n")[0]):
        end = folder.content_complete(data)
        return folder.content(data[:end]) if end else None
    end = folder.listing_complete(data)
    return folder.entries(data[:end]) if end else None


@cache
def _framed(name: str, end: bytes) -> list[bytes]:
    return [line.encode() + end for line in lines(name)]


def _zpl_framed(*said: str) -> bytes:
    return b"".join(b"\2" + one.encode() + b"\3\r\n" for one in said)


FOLDER_CORPUS = (b".\n", b"512\t1767225600000000\tS-1.csv\n9\t5\ta b.csv\n.\n", b"7\nab\ncd\n\n", b"- it is in use\n")
UNTIL = "no checksum: a changed digit is another value; the file itself is hashed, and its reader checks its figures"

TARGETS: tuple[Target, ...] = (
    Target(
        name="cytomat reply",
        covers=(f"{DRIVERS}cytomat.wire",),
        corpus=lambda: [f"{one}\r\n".encode() for one in ("bs 82", "be 00", "ok 05", "er 31", "it +37.0 +36.9")],
        fresh=pure(_cytomat),
        harmless=f"{ENDED_BY_LINE}; where the plate is, is looked at when the motion has ended",
    ),
    Target(
        name="echotherm reply",
        covers=(f"{DRIVERS}echotherm.wire",),
        corpus=lambda: _framed("echotherm", echotherm.END),
        fresh=pure(_echotherm),
        harmless=f"{ENDED_BY_LINE}; what is set is read back",
    ),
    Target(
        name="eurotherm modbus reply",
        covers=("instruments.transport.modbus", f"{DRIVERS}eurotherm.wire.registers"),
        corpus=_modbus_corpus,
        fresh=pure(_modbus),
        seal=lambda data: modbus_sealed(data[:-2]),
    ),
    Target(
        name="eurotherm bisynch reply",
        covers=(f"{DRIVERS}eurotherm.wire.bisynch",),
        corpus=lambda: [
            bisynch_sealed(b"\2" + body) for body in (b"PV-40.5", b"SL 12.0", b"PC2", b"EE>0008", b"ID>2400")
        ],
        fresh=pure(_bisynch),
        seal=bisynch_sealed,
    ),
    Target(
        name="eurotherm bisynch acknowledgement",
        covers=(f"{DRIVERS}eurotherm.wire.bisynch",),
        corpus=lambda: [b"\x06", b"\x15"],
        fresh=pure(_bisynch_told),
        harmless="one byte without a check; what was set is read back, and a NAK asks EE for its reason",
    ),
    Target(
        name="hamilton_star answer",
        covers=(f"{DRIVERS}hamilton_star.wire",),
        corpus=lambda: [one["text"].encode() + star.END for one in vectors("hamilton_star")["answers"]],
        fresh=pure(_star),
        harmless="no checksum (USB has its own); module, command and id have to be those of the command",
    ),
    Target(
        name="keysight_34970a reply",
        covers=(f"{DRIVERS}keysight_34970a.wire",),
        corpus=lambda: _framed("keysight_34970a", b"\n"),
        fresh=pure(_keysight),
        harmless=ENDED_BY_LINE,
    ),
    Target(
        name="lighthouse reply",
        covers=(f"{DRIVERS}lighthouse.wire",),
        corpus=_lighthouse_corpus,
        fresh=pure(_lighthouse),
        seal=lambda data: ascii_sealed(ascii_body(data)),
    ),
    Target(
        name="memmert_atmoweb answer",
        covers=(f"{DRIVERS}memmert_atmoweb.wire",),
        corpus=lambda: [http(b'{"Temp1Read": 36.9, "CO2Read": "5.0"}'), http(b'"Temp1Read": 36.9, "SN": "B1",')],
        fresh=pure(_atmoweb),
        seal=lambda data: http(data.partition(b"\r\n\r\n")[2] or data),
        harmless="no checksum but that of TCP: a changed digit is another value, judged by limits and alarms",
    ),
    Target(
        name="modbus ascii reply",
        covers=("instruments.transport.modbus_lines", f"{DRIVERS}modbus_map.wire.values"),
        corpus=lambda: [ascii_sealed(body) for body in _MODBUS_BODIES],
        fresh=pure(partial(_modbus_line, Framing.ASCII)),
        seal=lambda data: ascii_sealed(ascii_body(data)),
    ),
    Target(
        name="modbus tcp reply",
        covers=("instruments.transport.modbus_lines",),
        corpus=lambda: [tcp_sealed(body) for body in _MODBUS_BODIES],
        fresh=pure(partial(_modbus_line, Framing.TCP)),
        seal=lambda data: tcp_sealed(data[6:]),
        harmless="no checksum but that of TCP: a changed digit is another value, judged by its range and the alarms",
    ),
    Target(
        name="watlow_f4t registers",
        covers=(f"{DRIVERS}watlow_f4t.wire",),
        corpus=lambda: (
            [bytes.fromhex(one["words"]) for one in vectors("watlow_f4t")["floats"]] + [b"\0C\0O\0M\0P", b"\0\x95"]
        ),
        fresh=pure(_watlow),
        harmless="registers out of a frame that is checked, or over TCP; the whole profile is read back and compared",
    ),
    Target(
        name="mt_sics reply",
        covers=(f"{DRIVERS}mt_sics.wire",),
        corpus=lambda: _framed("mt_sics", sics.END),
        fresh=pure(_sics),
        harmless=f"{ENDED_BY_LINE}; a weight that counts is asked for twice",
    ),
    Target(
        name="opentrons_ot2 answer",
        covers=(f"{DRIVERS}opentrons_ot2.wire", "instruments.transport.http"),
        corpus=lambda: [http(body) for body in OT2_BODIES],
        fresh=pure(_ot2),
        seal=lambda data: http(data.partition(b"\r\n\r\n")[2] or data),
        harmless="no checksum but that of TCP: key, type and every parameter have to be those of the command",
    ),
    Target(
        name="own_handler reply",
        covers=(f"{DRIVERS}own_handler.wire",),
        corpus=lambda: [one["line"].encode() + b"\n" for one in vectors("own_handler")["replies"]],
        fresh=pure(_own),
        seal=own_sealed,
    ),
    Target(
        name="serial_scanner read",
        covers=(f"{DRIVERS}serial_scanner.wire",),
        corpus=lambda: _framed("serial_scanner", b"\r\n"),
        fresh=pure(_scanner),
        harmless="the symbol's own check was made in the scanner; the code is compared with what is expected",
    ),
    Target(
        name="tec3000 reply",
        covers=(f"{DRIVERS}tec3000.wire",),
        corpus=lambda: [b"-197.10\r\n", b"1\r\n", b"0\r\n", b"TEC 3000, software ver. 2.02\r\n", b"7.5\r\n"],
        fresh=pure(_tec),
        harmless=ENDED_BY_LINE,
    ),
    Target(
        name="zpl_printer status",
        covers=(f"{DRIVERS}zpl_printer.wire.status",),
        corpus=lambda: [_zpl_framed(*one["lines"]) for one in vectors("zpl_printer")["status"]],
        fresh=pure(_zpl),
        harmless="no checksum: a flag that is set is a fault, and the label itself is scanned",
    ),
    Target(
        name="zpl_printer identification",
        covers=(f"{DRIVERS}zpl_printer.wire.status",),
        corpus=lambda: [_zpl_framed(one["line"]) for one in vectors("zpl_printer")["identification"]],
        fresh=pure(_zpl_identification),
        harmless="no checksum: another model or firmware than the asset's is not ready",
    ),
    Target(
        name="folder answer",
        covers=("instruments.transport.folder",),
        corpus=lambda: FOLDER_CORPUS,
        fresh=pure(_folder),
        harmless=UNTIL,
    ),
)
