"""Targets: what drivers of centrifuges, pumps and more balances read, as far as their grammars go; as ``replies``."""

from automation.kernel.errors import CellwrightError
from instruments.drivers.cryostream import wire as cryo
from instruments.drivers.curiox_ht2000 import wire as curiox
from instruments.drivers.digital_inputs import wire as contacts
from instruments.drivers.hettich_460r import wire as hettich
from instruments.drivers.reglo_icc import wire as reglo
from instruments.drivers.sartorius_sbi import wire as sbi
from instruments.drivers.watson_marlow import wire as marlow
from instruments.transport import modbus
from tests.fuzz import checksums
from tests.fuzz.commands import CURIOX_WORDS
from tests.fuzz.replies import DRIVERS, ENDED_BY_LINE, first
from tests.fuzz.target import BrokenError, Target, pure
from tests.fuzz.vectors import lines, vectors

_CODES = (hettich.STATE, hettich.ACTUAL, hettich.TEMPERATURE, hettich.FAULTS)
_VALUES = ("0162", "01F4", "0046", "0001")


def _hettich(data: bytes) -> object:
    for code in _CODES if data else ():
        ask = hettich.Ask("]", code)
        try:
            length = ask.complete(data)
        except CellwrightError:
            continue
        if length == hettich.VALUE and checksums.parity(data[2:-1]) != data[-1]:
            raise BrokenError(f"{data.hex()} was accepted with a wrong check byte")
        if length:
            return code, hettich.temperature(ask.value(data[:length]))
    return None


def _hettich_told(data: bytes) -> object:
    tell = hettich.Tell("]", hettich.SPEED, value=1500)
    return tell.accepted(data) if data and tell.complete(data) else None


def hettich_sealed(body: bytes) -> bytes:
    """Close what stands behind STX with ETX and its check byte."""
    text = body.partition(b"\2")[2].partition(b"\3")[0] + b"\3"
    return b"]\2" + text + bytes((checksums.parity(text),))


def _sbi(data: bytes) -> object:
    end = sbi.complete(data)
    return sbi.weighing(data[:end]) if end else None


_RS = marlow.command(1, marlow.STATUS)


def _marlow(data: bytes) -> object:
    answer = marlow.Answer(_RS, echoes=True, line=True)
    end = answer(data) if data else 0
    return marlow.status(answer.text(data[:end])) if end else None


_REGLO = (reglo.speed, reglo.model, reglo.cause, reglo.clockwise, reglo.mode, reglo.single)


def _reglo(data: bytes) -> object:
    end = reglo.answer_complete(data)
    return first(_REGLO, reglo.said(data[:end])) if end else None


def _reglo_told(data: bytes) -> object:
    end = reglo.status_complete(data)
    return (reglo.said(data[:end]), reglo.runs(reglo.said(data[:end]))) if end else None


def _cryostream(data: bytes) -> object:
    end = cryo.status_complete(data)
    return cryo.status(data[:end]) if end else None


def _curiox(data: bytes) -> object:
    end = curiox.Answer(curiox.REPORT)(data)
    return curiox.report(data[:end]) if end else None


def _curiox_heard(data: bytes) -> object:
    payload, length = curiox.payload(data)
    if payload is not None and (sum(data[7 : length - 3]) + data[6]) & 0xFFFF != int.from_bytes(
        data[length - 3 : length - 1]
    ):
        raise BrokenError(f"{data[:length].hex()} was heard with a wrong sum")
    return payload


def curiox_sealed(data: bytes) -> bytes:
    """Put what stands in a damaged envelope into a sound one."""
    return curiox.envelope(data[7:-3][:255])


_BITS = modbus.ReadBits(1, 196, count=22)


def _modbus_bits(data: bytes) -> object:
    end = _BITS.complete(data) if data else 0
    if end and checksums.modbus(data[: end - 2]).to_bytes(2, "little") != data[end - 2 : end]:
        raise BrokenError(f"{data[:end].hex()} was accepted with a wrong CRC")
    return _BITS.bits(data[:end]) if end else None


def _contacts(data: bytes) -> object:
    return contacts.contacts(data.decode("utf-8", "replace"), first=1)


TELEGRAMS: tuple[Target, ...] = (
    Target(
        name="cryostream status",
        covers=(f"{DRIVERS}cryostream.wire",),
        corpus=lambda: [bytes.fromhex(one["packet"]) for one in vectors("cryostream")["statuses"]],
        fresh=pure(_cryostream),
        harmless="no check: a changed byte is another value for a second; a command has to show in what it does",
    ),
    Target(
        name="curiox_ht2000 report",
        covers=(f"{DRIVERS}curiox_ht2000.wire",),
        corpus=lambda: [bytes.fromhex(one["reply"]) for one in vectors("curiox_ht2000")["reports"]],
        fresh=pure(_curiox),
        harmless="no check is published: another digit is another state; a wash or a tray is looked at until it shows",
    ),
    Target(
        name="curiox_ht2000 command",
        covers=(f"{DRIVERS}curiox_ht2000.wire",),
        corpus=lambda: [curiox.command(word) for word in CURIOX_WORDS],
        fresh=pure(_curiox_heard),
        seal=curiox_sealed,
        harmless="a sum: two changes may undo each other; what was asked for has to show in the report",
    ),
    Target(
        name="hettich_460r reply",
        covers=(f"{DRIVERS}hettich_460r.wire",),
        corpus=lambda: [
            *(hettich_sealed(f"\2{code}={value}".encode()) for code, value in zip(_CODES, _VALUES, strict=True)),
            b"]\x15",
        ],
        fresh=pure(_hettich),
        seal=hettich_sealed,
    ),
    Target(
        name="hettich_460r acknowledgement",
        covers=(f"{DRIVERS}hettich_460r.wire",),
        corpus=lambda: [b"]\x06", b"]\x15"],
        fresh=pure(_hettich_told),
        harmless="two bytes without a check; what was set is read back, and a start or stop is looked at",
    ),
    Target(
        name="digital_inputs wiring",
        covers=(f"{DRIVERS}digital_inputs.wire",),
        corpus=lambda: [b"door=1:closed, alarm=2:closed, ready=9:open", b"a=1:open"],
        fresh=pure(_contacts),
        harmless="another number is another input: each contact is worked once at installation",
    ),
    Target(
        name="modbus bits reply",
        covers=("instruments.transport.modbus",),
        corpus=lambda: (
            [bytes.fromhex(one["reply"]) for one in vectors("digital_inputs")["reads"]] + [modbus.seal(b"\1\x82\2")]
        ),
        fresh=pure(_modbus_bits),
        seal=lambda data: modbus.seal(data[:-2]),
    ),
    Target(
        name="reglo_icc answer",
        covers=(f"{DRIVERS}reglo_icc.wire",),
        corpus=lambda: [line.encode() + reglo.END for line in lines("reglo_icc")],
        fresh=pure(_reglo),
        harmless=f"{ENDED_BY_LINE}; what is set is read back",
    ),
    Target(
        name="reglo_icc status",
        covers=(f"{DRIVERS}reglo_icc.wire",),
        corpus=lambda: [b"+", b"-", b"^X2|A\r\n-", b"\r\n+"],
        fresh=pure(_reglo_told),
        harmless="one byte without a check; what was set is read back, and a start or stop is looked at",
    ),
    Target(
        name="sartorius_sbi reply",
        covers=(f"{DRIVERS}sartorius_sbi.wire",),
        corpus=lambda: [line.encode() + sbi.END for line in lines("sartorius_sbi")],
        fresh=pure(_sbi),
        harmless=f"{ENDED_BY_LINE}; a weight that counts is asked for twice",
    ),
    Target(
        name="watson_marlow answer",
        covers=(f"{DRIVERS}watson_marlow.wire",),
        corpus=lambda: [_RS + line.encode() + marlow.END for line in lines("watson_marlow")],
        fresh=pure(_marlow),
        harmless=f"{ENDED_BY_LINE}; what is set is read back, and whether it turns is asked for alone",
    ),
)
