"""What an exchange with a 2400 or 3500 controller says in words, for a person who decides about an act in doubt.

Units:  as the registers hold them; degC in the image.
Source: the addresses and mnemonics of ``registers`` and ``bisynch``; words are ours.
"""

import re

from automation.kernel.errors import WireError
from instruments.drivers.eurotherm.wire import registers as r
from instruments.transport import modbus

NAMES = {
    r.PV: "chamber",
    r.TARGET_SP: "stand-by set point",
    r.WORKING_SP: "working set point",
    r.PROGRAM: "program number",
    r.STATUS: "programmer status",
    r.SEGMENT: "segment",
    r.PROGRAM_LEFT: "time left",
    r.ALARMS: "alarms",
    r.SENSOR_BREAK: "sensor break",
    r.SP_HIGH: "highest set point",
    r.SP_LOW: "lowest set point",
}
MNEMONICS = {"PV": NAMES[r.PV], "SL": NAMES[r.TARGET_SP], "PN": NAMES[r.PROGRAM], "PC": NAMES[r.STATUS]}
SHORTEST = 5  # bytes of a Modbus frame: unit, function, one byte, check sum
_TOLD = re.compile(rb"\x02(..)([^\x03]*)\x03", re.DOTALL)
_ASKED = re.compile(rb"(..)\x05$", re.DOTALL)


def of_modbus(sent: bytes, received: bytes) -> tuple[str, str]:
    """Say what a request and its reply say; empty for what can't be read."""
    if len(sent) < SHORTEST:
        return "", ""
    try:
        asked = modbus.request(sent)
    except WireError:
        return "", ""
    name = _name(asked.start)
    told = f"write {name} = {_value(asked.start, asked.data)}" if asked.data else f"read {name}"
    return told, _replied(asked, received)


def of_bisynch(sent: bytes, received: bytes) -> tuple[str, str]:
    """Say what a message and its reply say; empty for what can't be read."""
    written, asked = _TOLD.search(sent), _ASKED.search(sent)
    told = _told(written, "write ") if written else f"read {_mnemonic(asked[1])}" if asked else ""
    if received in {b"\x06", b"\x15"}:
        return told, "taken" if received == b"\x06" else "refused"
    answer = _TOLD.search(received)
    return told, _told(answer, "") if answer else ""


def _replied(asked: modbus.Request, received: bytes) -> str:
    if not received:
        return ""
    if len(received) < SHORTEST or modbus.crc(received):
        return "not whole: its check sum is wrong"
    if received[1] & 0x80:
        return f"refused, code {received[2]}"
    return "taken" if asked.data else _value(asked.start, received[3:-2])


def _name(start: int) -> str:
    address = (start - r.IMAGE) // 2 if start >= r.IMAGE else start
    if r.PROGRAM_BASE <= address < r.PROGRAM_BASE + 100 * r.PROGRAM_SIZE:
        program, offset = divmod(address - r.PROGRAM_BASE, r.PROGRAM_SIZE)
        return f"program {program}, segment {offset // r.BLOCK}"
    return NAMES.get(address, f"register {address}")


def _value(start: int, data: bytes) -> str:
    if start == r.STATUS and len(data) == 2 and int.from_bytes(data, "big") in set(r.Status):
        return r.Status(int.from_bytes(data, "big")).name.lower()
    if start >= r.IMAGE and len(data) == 4:
        try:
            return f"{r.number(data):g}"
        except WireError:
            return f"no finite number ({data.hex(' ')})"
    words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
    return ", ".join(map(str, words))


def _mnemonic(name: bytes) -> str:
    text = name.decode("latin-1")
    return MNEMONICS.get(text, text)


def _told(found: re.Match[bytes], before: str) -> str:
    name, value = found[1], found[2].decode("latin-1").strip()
    return f"{before}{_mnemonic(name)} = {value}"
