"""What fuzzing has found, each as the shortest input that showed it; they are given again in every run of the suite.

The first word is the target; the inputs go to one fresh instance in their order.
"""

import zlib
from dataclasses import dataclass

from tests.fuzz.node_lines import nodes_sealed
from tests.fuzz.replies import http, own_sealed

LONG = b"9" * 5000  # more digits than Python turns into a number
ENORMOUS = b"9" * 330  # beyond what a float holds


@dataclass(frozen=True, slots=True)
class Found:
    """One find: in which target, what was wrong with it, and the inputs that showed it."""

    target: str
    was: str
    inputs: tuple[bytes, ...]


def _bisynch(text: bytes) -> bytes:
    body = text + b"\x03"
    check = 0
    for byte in body:
        check ^= byte
    return b"\x02" + body + bytes((check,))


def _fcs(keyword: str) -> bytes:
    text = f"/{keyword}/$MODE/L/$TOT/1/$DATATYPE/F/$BYTEORD/4,3,2,1/".encode("latin-1")
    return b"FCS3.0    %8d%8d%8d%8d%8d%8d%b" % (58, 57 + len(text), 0, 0, 0, 0, text)


FOUND = (
    Found("eurotherm bisynch reply", "infinity was taken for a temperature", (_bisynch(b"PV" + ENORMOUS),)),
    Found("eurotherm bisynch reply", "OverflowError from a status", (_bisynch(b"PC" + ENORMOUS),)),
    Found("eurotherm bisynch reply", "seconds of looking for a number", (_bisynch(b"PV" + b"9" * 65_000 + b"x"),)),
    Found("memmert_atmoweb answer", "infinity was taken for a share of CO2", (http(b'{"CO2Read": "1e999"}'),)),
    Found("memmert_atmoweb answer", "RecursionError", (http(b'{"CO2Read": ' + b"[" * 60_000),)),
    Found("mt_sics reply", "infinity was taken for a weight", (b"TA A " + ENORMOUS + b" g\r\n",)),
    Found("mt_sics reply", "ValueError from a fault code", (b"S S Error " + LONG + b"b\r\n",)),
    Found("own_handler reply", "ValueError from a number of channels", (own_sealed(b"q2 is " + LONG + b" 1 ready 0"),)),
    Found("own_handler reply", "ValueError from a number of a motion", (own_sealed(b"q3 is " + LONG + b" - 0"),)),
    Found("rotea reply", "UnicodeDecodeError", (nodes_sealed(b'{"id":1,"text":"\x8e"} 0'),)),
    Found(
        "node port request", "UnicodeDecodeError brought the fake down", (nodes_sealed(b'{"id":1,"read":["\xd6"]} 0'),)
    ),
    Found("node port request", "RecursionError", (nodes_sealed(b'{"id":1,"x":' + b"[" * 60_000 + b" 0"),)),
    Found("fake rotea", "UnicodeDecodeError brought the fake down", (nodes_sealed(b'{"id":1,"read":["\xd6"]} 0'),)),
    Found("zpl_printer identification", "ValueError", (b"\x02ZD4,V9," + LONG + b",8KB\x03\r\n",)),
    Found("tec3000 reply", "seconds of searching for a version", (b"TEC 3000 " + b"1" * 65_000 + b" 1\r\n",)),
    Found("folder answer", "UnicodeDecodeError", (b"-\xa6\n",)),
    Found("folder answer", "ValueError from a size", (LONG + b"\n",)),
    Found("folder answer", "ValueError from an entry", (b"1\t" + LONG + b"\ta\n.\n",)),
    Found("zpl_printer format", "all memory for one picture", (b"^XA^FO1,1^GFA,1,99999999999,1,F^FS^XZ",)),
    Found("zpl_printer format", "ValueError from a wide picture", (b"^XA^FO0,0^GFA,2,2,22222,^FS^XZ",)),
    Found("zpl_printer format", "ValueError from a place", (b"^XA^FO" + LONG + b",1^A0N,9,9^FH^FDx^FS^XZ",)),
    Found("fake tec3000", "a fill on command began 56 years ago", (b"FILL 1\r\n", b"LEVL?\r\n")),
    Found(
        "fake keysight_34970a",
        "busy with billions of scans",
        (
            b"CONF:TEMP TC,T,(@101)\nROUT:SCAN (@101)\n",
            b"TRIG:COUN 2147483648\n",
            b"INIT\n",
            b"TRIG:COUN INF\nINIT\n",
            b"FETC?\n",
        ),
    ),
    Found("line settings", "ZeroDivisionError", (b"00 8N1",)),
    Found("port", "ValueError from a NUL", (b"serial:/dev/\0",)),
    Found("port", "ValueError from a superscript digit", ("tcp:h:²".encode(),)),
    Found("quantity", "TokenError of the unit library", (b"3 (",)),
    Found("quantity", "for ever busy with a power of a power", (b"5 %3^3^33",)),
    Found("quantity", "DimensionalityError of the unit library", (b"1 degC/mil",)),
    Found("settings hamilton_star", "ValueError", ("deck=final-day-star\nrate=²".encode(),)),
    Found("settings keysight_34970a", "ValueError", ("channels=²=a".encode(),)),
    Found("settings eurotherm_bisynch", "ValueError", (b"unit=" + LONG,)),
    Found("settings own_handler", "ValueError", (b"channels=" + LONG,)),
    Found("settings vicell_blu_file", "ValueError", ("settle=²".encode(),)),
    Found("settings vicell_blu_file", "OSError from the name of a zone", (b"zone=" + b"A" * 300,)),
    Found("settings tec3000", "an address that can't be sent", ("full=15\naddress=٣٣٣".encode(),)),
    Found(
        "washer history", "infinity was taken for a volume", (b"cellwright washer run history 1\nwashed_ml,1e999\n",)
    ),
    Found(
        "reader vicell_xr",
        "ValueError of the library that unpacks",
        (b"PK\x03\x04PK\x01\x02" + b"\0" * 60 + b"PK\x05\x06\0\0\0\0\1\0\1\0\xff\xff\0\0\0\0\0\0\0\0",),
    ),
    Found(
        "hand vicell_blu_file",
        "OverflowError",
        (b'{"action":"count","sample":"S","total":1e6,"viability":0.0,"dilution":"-1"}',),
    ),
    Found("ledger body", "DecodeError, UnicodeDecodeError", (b"", b'{"given":{"name":"\xff"}}', b"[" * 60_000)),
    Found("ledger body", "an error of pydantic", (b'{"given":{"name":7}}',)),
    Found("recent.log", "infinity was taken for a reading", (b"batch/B/step/1\ta.b\t5\t1e999\tdegC\n",)),
    Found("sealed readings", "errors of zlib and struct", (b"", zlib.compress(b"abc"), zlib.compress(b"\xff" * 24))),
    Found("credentials", "UnicodeEncodeError", ('{"anna":{"hash":"٣"}}'.encode(),)),
    Found("owner's socket", "UnicodeDecodeError", (b'{"what":"\xff"}\n', b'{"body":' + b"[" * 60_000 + b"\n")),
    Found(
        "owner's answer", "errors of other kinds", (b"", b"\xff", b'{"error":"__name__"}', b'{"error":"annotations"}')
    ),
)
"""Each was an error of another kind than the project's own, a number that is none, or a hang."""
