"""Targets: what people, scanners and files of settings say in one line or a few."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import EntryPoint, entry_points

from automation.bootstrap import DriverFactory
from automation.formulas import gs1, identifiers, isbt128, limits
from automation.kernel import quantity
from automation.kernel.errors import CellwrightError, InputError
from instruments.transport.line import line_settings
from instruments.transport.link import Link
from instruments.transport.memory import MemoryStream
from instruments.transport.ports import read_port
from tests.fuzz.target import Attempt, BrokenError, Target, pure

DRIVERS = "cellwright.drivers"
GTIN = b"0109501101530003"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _gs1(data: bytes) -> object:
    fields = gs1.read(_text(data))
    for key in ("11", "17"):
        if key in fields:
            gs1.expiry(fields[key], this_year=2026)
    if gs1.read(gs1.write(fields)) != fields:
        raise BrokenError(f"{fields} is written as another label")
    return fields


def _isbt(data: bytes) -> object:
    text = _text(data)
    ways: tuple[Callable[[str], object], ...] = (
        *(
            isbt128.read_din,
            isbt128.read_printed_din,
            isbt128.read_product_code,
            isbt128.read_unit,
            isbt128.read_expiry,
            isbt128.read_coi,
        ),
    )
    found = []
    for way in ways:
        with contextlib.suppress(InputError):
            found.append(way(text))
    return found or None


def _classified(data: bytes) -> object:
    """Classify never raises: a broken code keeps its kind and says its problem."""
    try:
        seen = identifiers.classify(_text(data))
        for wanted in identifiers.Kind:
            identifiers.hint(wanted, seen)
    except CellwrightError as error:
        raise BrokenError(f"a code was refused by {error!r} instead of classified") from error
    return seen if seen.kind is not identifiers.Kind.UNKNOWN and not seen.problem else None


def _quantity(data: bytes) -> object:
    found = []
    for unit in quantity.UNITS:
        with contextlib.suppress(InputError):
            found.append(quantity.read(_text(data), unit))
    return found or None


def _limit(data: bytes) -> object:
    found = limits.parse(_text(data))
    for one in found:
        for raw in ("0", "-1.25", "1e300"):
            one.met_by(limits.decimal(raw))
    return found


def _decimal(data: bytes) -> object:
    value = limits.decimal(_text(data))
    return [limits.rounded(value, places) for places in (-6, 0, 15)]


def _line(data: bytes) -> object:
    return line_settings(_text(data)).duration(100)


def _port(data: bytes) -> object:
    port = read_port(_text(data))
    return port, port.simulated_only, port.host if port.scheme == "tcp" else None


@contextlib.contextmanager
def _driver(point: EntryPoint) -> Iterator[Attempt]:
    factory: DriverFactory = point.load()

    def attempt(data: bytes) -> object:
        """Read ``key=value`` lines as the settings of a driver, and build it."""
        lines = [line.partition("=") for line in _text(data).split("\n")]
        given = {key: value for key, equals, value in lines if equals}
        factory.check(given)
        return type(factory.build(Link(MemoryStream(lambda _data: None)), given, control=True)).__name__

    yield attempt


_VALUES = ("1", "10", "0.5", "yes", "no", "001", "reset", "T", "101=chamber,102=sample", "final-day-star", "A-1", "C:1")


_CENTRIFUGE = {"radius": "189", "differ_at_most": "5", "program": "7", "temperature": "32", "brake": "5"}
_OWN = {"sila_incubator": {"map": "cellwright_fake"}}
_REQUIRED = {
    **_CENTRIFUGE,
    "full": "15",
    "deck": "final-day-star",
    "contacts": "door=0:closed, ready=2:open",
    "map": "vaisala_hmt330",
    "sizes": "0.5,5.0",
    "flow": "28.3",
    "model": "C6000",
    "racks": "21,21",
    "rate_per": "min",
}


def _examples(point: EntryPoint) -> list[bytes]:
    factory: DriverFactory = point.load()
    words = {**_REQUIRED, **_OWN.get(point.name, {})}
    needed = [f"{key}={value}" for key, value in words.items() if key in factory.settings]
    pairs = [f"{key}={value}" for key in factory.settings for value in _VALUES]
    return ["\n".join(one).encode() for one in (needed, *([*needed, pair] for pair in pairs))]


def _settings(point: EntryPoint) -> Target:
    return Target(
        name=f"settings {point.name}",
        covers=(f"{DRIVERS}:{point.name}",),
        corpus=partial(_examples, point),
        fresh=partial(_driver, point),
        harmless="a person writes them, and the site's configuration in force is an event",
        share=0.02,
    )


def settings() -> tuple[Target, ...]:
    """Give one target for the settings of every installed driver."""
    return tuple(map(_settings, sorted(entry_points(group=DRIVERS), key=lambda point: point.name)))


PERSON = "a person writes it, and a second one reads it"
CHECKED_BY_DIGIT = "a label of fixed fields has a check digit for its item alone; custody compares the whole code"
TEXTS: tuple[Target, ...] = (
    Target(
        name="gs1",
        covers=("automation.formulas.gs1",),
        corpus=lambda: [
            b"]d2" + GTIN + b"17271130" + b"10ABC-1\x1d21S-77",
            b"(01)09501101530003(17)271100(10)AB-1",
            b"00095011015300000017",
        ],
        fresh=pure(_gs1),
        harmless=CHECKED_BY_DIGIT,
    ),
    Target(
        name="isbt128",
        covers=("automation.formulas.isbt128",),
        corpus=lambda: [
            *(b"=A99992112345600", b"=A99992112345678", b"A9999 21 123456 7", b"=<S12954A0"),
            *(b"&>0273252359", b"=>027325", b"&/CHA999921ABC123"),
        ],
        fresh=pure(_isbt),
        harmless="only flags carry the check character; the chain of identity compares the whole number",
    ),
    Target(
        name="identifiers",
        covers=("automation.formulas.identifiers",),
        corpus=lambda: [
            *(b"CONTAINER:C-1", b"ASSET:CRF-01", b"=A99992112345600", b"&>0273252359", b"=;A1", b"=#x"),
            *(b"]C1" + GTIN, GTIN + b"10ABC", b"&/CHA999921ABC123"),
        ],
        fresh=pure(_classified),
        harmless="another code is another thing, which is refused where it is not expected",
    ),
    Target(
        name="quantity",
        covers=("automation.kernel.quantity",),
        corpus=lambda: [
            b"-1 degC/min",
            b"10 min",
            b"1e6 cells/mL",
            b"-40 degC",
            b"1.5 mL",
            b"2 kg/m^3",
            b"5 %",
            b"3 h",
        ],
        fresh=pure(_quantity),
        harmless=PERSON,
        share=0.1,
    ),
    Target(
        name="limits",
        covers=("automation.formulas.limits",),
        corpus=lambda: [b"at least 70.0 %", b"between -12.0 and -5.0 degC", b"<= 1E+6 cells/mL", b"exactly 1 1"],
        fresh=pure(_limit),
        harmless=PERSON,
    ),
    Target(
        name="decimal",
        covers=("automation.formulas.limits",),
        corpus=lambda: [b"0.85", b"-0.05", b"1e15", b"70.0"],
        fresh=pure(_decimal),
        harmless=PERSON,
    ),
    Target(
        name="line settings",
        covers=("instruments.transport.line",),
        corpus=lambda: [b"9600 8N1", b"57600-8N1-xonxoff", b"9600-7E1"],
        fresh=pure(_line),
        harmless=PERSON,
    ),
    Target(
        name="port",
        covers=("instruments.transport.ports",),
        corpus=lambda: [
            *(b"serial:/dev/ttyUSB0?9600-8N1", b"tcp:127.0.0.1:7001", b"tcp:[::1]:7001", b"usb:08af:8000:5"),
            *(b"visa:TCPIP::192.168.1.5::5025::SOCKET", b"opcua:opc.tcp://127.0.0.1:4840/x", b"memory"),
        ],
        fresh=pure(_port),
        harmless=PERSON,
    ),
)
