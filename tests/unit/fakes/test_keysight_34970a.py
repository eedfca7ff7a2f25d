"""The fake logger: vocabulary, memory, noise and what hands do to it; units degC and s."""

import pytest

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant
from fakes.keysight_34970a import MEMORY, FakeKeysight34970A
from instruments.drivers.keysight_34970a import wire

SETUP = "\n".join(wire.configuration((101, 102), kind="T")).encode() + b"\n"

pytestmark = pytest.mark.requirement("C07")


def ramp(name: str, now: Instant) -> float | None:
    """Cool the chamber 1 K/min from 0 degC; the sample stays at 4 degC."""
    return 4.0 if name == "sample" else -float(now) / 60.0


def scanned(fake: FakeKeysight34970A, at: float) -> tuple[wire.Sample, ...]:
    """Read one scan of both channels at a time (s)."""
    return wire.samples(wire.text(fake.feed(b"READ?\n", Instant(at))), (101, 102))


def made(seed: int = 1, *, order: str = "time first") -> FakeKeysight34970A:
    """Make a configured logger."""
    fake = FakeKeysight34970A(seed, ramp, order=order)
    assert fake.feed(SETUP, Instant(0.0)) == b""
    assert fake.feed(b"SYST:ERR?\n", Instant(0.0)) == b'+0,"No error"\n'
    return fake


def test_a_scan_shows_what_the_world_shows_within_the_noise() -> None:
    """After ten minutes the chamber reads -10 degC."""
    sample, chamber = scanned(made(), 600.0)
    assert sample.value == pytest.approx(4.0, abs=0.2)
    assert chamber.value == pytest.approx(-10.0, abs=0.2)


def test_reading_twice_as_often_changes_no_other_reading() -> None:
    """Noise depends on the second, never on how often somebody looked."""
    often, seldom = made(), made()
    many = [scanned(often, float(at)) for at in range(0, 60, 5)]
    few = [scanned(seldom, float(at)) for at in range(0, 60, 10)]
    assert many[::2] == few


def test_another_seed_gives_other_readings() -> None:
    """Noise is the seed's."""
    assert scanned(made(1), 5.0) != scanned(made(2), 5.0)


def test_long_and_short_headers_in_any_case_are_one_command() -> None:
    """SCPI reads short and long forms alike."""
    fake = made()
    assert fake.feed(b"route:scan?\n", Instant(0.0)) == fake.feed(b"ROUT:SCAN?\n", Instant(0.0))


def test_configuring_switches_the_reading_format_off() -> None:
    """The trap of the guide: format commands before CONFigure have no effect."""
    fake = made()
    fake.feed(b"CONF:TEMP TC,T,(@101)\n", Instant(0.0))
    assert b"," not in fake.feed(b"READ?\n", Instant(0.0))


def test_an_open_thermocouple_floats_when_the_check_is_off() -> None:
    """Without the check a pulled probe reads like a room, which is why the driver sets it."""
    fake = made()
    fake.hand("pull", {"probe": "chamber"}, Instant(0.0))
    assert scanned(fake, 1.0)[1].value is None
    fake.feed(b"SENS:TEMP:TRAN:TC:CHECK OFF,(@102)\n", Instant(0.0))
    assert scanned(fake, 1.0)[1].value == pytest.approx(22.0, abs=0.2)


def test_removing_readings_erases_them_and_fetching_does_not() -> None:
    """DATA:REMove? is the destructive read; FETCh? may be asked again."""
    fake = made()
    fake.feed(b"INIT\n", Instant(10.0))
    assert fake.feed(b"FETC?\n", Instant(11.0)) == fake.feed(b"FETC?\n", Instant(12.0))
    assert fake.feed(b"DATA:REM? 2\n", Instant(13.0)) == made_scan(10.0)
    assert fake.feed(b"DATA:POIN?\n", Instant(14.0)) == b"+0\n"


def made_scan(at: float) -> bytes:
    """Give what a logger answers to a scan at a time (s)."""
    fake = made()
    fake.feed(b"INIT\n", Instant(at))
    return fake.feed(b"FETC?\n", Instant(at))


def test_timed_scans_go_on_without_anybody_looking_and_the_oldest_give_way() -> None:
    """The memory holds 50 000 readings; what was not drained is lost from its old end."""
    fake = made()
    fake.feed(b"TRIG:SOUR TIM;:TRIG:TIM 1;:TRIG:COUN INF;:INIT\n", Instant(0.0))
    assert fake.feed(b"STAT:OPER:COND?\n", Instant(60.0)) == b"+16\n"
    assert fake.feed(b"DATA:POIN?\n", Instant(60.0)) == b"+122\n"
    assert fake.feed(b"DATA:POIN?\n", Instant(30_000.0)) == b"+%d\n" % MEMORY


def test_an_unknown_header_gets_no_reply_and_an_error() -> None:
    """As the instrument does: silence, and an entry in the queue."""
    fake = made()
    assert fake.feed(b"MAKE:COFFEE\n", Instant(0.0)) == b""
    assert b"-113" in fake.feed(b"SYST:ERR?\n", Instant(0.0))


@pytest.mark.parametrize("line", [b"TRIG:TIM soon\n", b"DATA:REM? \n", b"ROUT:SCAN (@a:b)\n", b"TRIG:COUN\n"])
def test_a_parameter_that_is_none_is_an_error_of_the_instrument(line: bytes) -> None:
    """The queue says so; the logger goes on."""
    fake = made()
    assert fake.feed(line, Instant(0.0)) == b""
    assert fake.feed(b"SYST:ERR?\n", Instant(0.0)) == b'-104,"Data type error"\n'


def test_a_hand_that_the_logger_does_not_know_is_refused() -> None:
    """The message names what it knows."""
    with pytest.raises(FailedError, match="pull, plug, power and unit"):
        made().hand("kick", {}, Instant(0.0))
