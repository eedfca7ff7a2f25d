"""The Vi-CELL BLU behind its server: the automation lock, what it tells when, and whose results they are."""

from collections.abc import Callable, Coroutine, Mapping
from functools import partial

import pytest

from automation.kernel.clock import SimulatedClock, pause, run_simulated
from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.kernel.quantity import Instant, Seconds
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.vicell_blu_opcua import FakeViCellBluOpcUa
from instruments.drivers.result_folder import Samples
from instruments.drivers.vicell_blu_opcua import wire
from instruments.drivers.vicell_blu_opcua.driver import FACTORY, ViCellBluOpcUa, build
from instruments.interfaces.device import Identity
from instruments.transport import Link, MemoryStream

pytestmark = pytest.mark.requirement("F029", "F163", "C06")

START = Instant(1_800_000_000.0)  # 2027-01-15T08:00:00Z
Hand = Callable[..., None]
Work = Callable[[ViCellBluOpcUa, Hand], Coroutine[object, object, None]]


def on_bench(work: Work, given: Mapping[str, str] | None = None, *, control: bool = True) -> FakeViCellBluOpcUa:
    """Run a script on a counter in simulated time; every tube holds 2E6 cells/mL, 90 % of them alive."""
    fake = FakeViCellBluOpcUa(7, lambda _sample, _now: (2.0e6, 90.0))

    async def main(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(None), Faults())
        plant.add("counter", fake)
        link = Link(plant.connect("counter"), name="counter")
        driver = build(link, given or {}, control=control)
        await link.open()
        await work(driver, partial(plant.hand, "counter"))

    run_simulated(main, start=START)
    return fake


def test_a_count_is_told_when_it_is_done_and_the_lock_given_back() -> None:
    """While it counts there is nothing to tell, and the lock is not even asked for."""

    async def work(driver: ViCellBluOpcUa, hand: Hand) -> None:
        assert (await driver.result(sample="S-1")).results == ()
        hand("count", sample="S-1")
        waits = await driver.result(sample="S-1")
        assert (waits.results, waits.unread) == (
            (),
            ("counter is Running; it tells results while it is Idle or Stopped",),
        )
        await pause(Seconds(150.0))
        report = await driver.result(sample="S-1")
        [one] = report.results
        assert one.total == pytest.approx(2.0e6, rel=0.1)
        assert one.viability == pytest.approx(90.0, abs=3.0)
        assert one.analysed is None
        assert [file.sha256 for file in report.files] == [one.file_sha256]
        assert b"S-1" in report.files[0].data

    assert on_bench(work).values(START)[wire.LOCK] == wire.UNLOCKED


def test_the_clock_of_the_instrument_is_compared_where_the_site_states_its_zone() -> None:
    """Its times are local, though the server marks them as UTC."""

    async def work(driver: ViCellBluOpcUa, hand: Hand) -> None:
        hand("count", sample="S-1", after=10.0)
        await pause(Seconds(20.0))
        [one] = (await driver.result(sample="S-1")).results
        assert (one.analysed_at, one.analysed) == ("2027-01-15T08:00:10", START + Seconds(10.0 - 3600.0))

    on_bench(work, {"zone": "Europe/Berlin"})


class Drawn(Samples):
    """A site that drew every sample long after it was counted."""

    def drawn(self, sample: str) -> Instant | None:
        """Give tomorrow."""
        return START + Seconds(86_400.0 + len(sample))

    def joined(self, sha256: str, line: int) -> tuple[str, tuple[str, ...]]:
        """Join none."""
        del sha256, line
        return "", ()


@pytest.mark.requirement("F029", refuses=True)
def test_a_result_that_is_older_than_its_sample_has_no_figures() -> None:
    """A name that was used before."""

    async def work(driver: ViCellBluOpcUa, hand: Hand) -> None:
        driver.samples = Drawn()
        hand("count", sample="S-1", after=10.0)
        await pause(Seconds(20.0))
        [one] = (await driver.result(sample="S-1")).results
        assert (one.total, one.error) == (None, "it was analysed on 2027-01-15T08:00:10, before the sample was drawn")

    on_bench(work, {"zone": "UTC"})


def test_a_sample_that_was_counted_twice_is_a_conflict() -> None:
    """Both are told, a person decides."""

    async def work(driver: ViCellBluOpcUa, hand: Hand) -> None:
        for _ in range(2):
            hand("count", sample="S-1", after=10.0)
            await pause(Seconds(20.0))
        report = await driver.result(sample="S-1")
        assert len(report.results) == 2
        assert report.conflict.startswith("sample 'S-1' has 2 results on counter: 2027-01-15T08:00:10")

    on_bench(work)


def test_who_asks_for_one_sample_sees_none_of_another() -> None:
    """A search by name gives more than it; the answer is kept apart and stands in no tape."""

    async def work(driver: ViCellBluOpcUa, hand: Hand) -> None:
        for sample in ("S-1", "S-11"):
            hand("count", sample=sample, after=10.0)
        await pause(Seconds(20.0))
        report = await driver.result(sample="S-1")
        assert [one.sample for one in report.results] == ["S-1"]
        assert (len(driver.originals), report.files[0].data) == (1, b"")
        assert not any(b"S-11" in exchange.received for exchange in driver.links[0].tape)

    on_bench(work)


@pytest.mark.requirement("F029", refuses=True)
def test_a_lock_that_another_holds_is_left_alone() -> None:
    """It is refused in the instrument's words, and the other keeps the lock."""

    async def work(driver: ViCellBluOpcUa, hand: Hand) -> None:
        hand("lock")
        with pytest.raises(RefusedError, match="does not own the automation lock"):
            await driver.result(sample="S-1")

    assert on_bench(work).values(START)[wire.LOCK] == wire.LOCKED


def test_a_lock_that_a_lost_answer_has_left_with_us_is_used_and_given_back() -> None:
    """Nobody has to free the instrument by hand."""

    async def work(driver: ViCellBluOpcUa, hand: Hand) -> None:
        hand("count", sample="S-1", after=10.0)
        await pause(Seconds(20.0))
        await driver._port.call(wire.REQUEST_LOCK)  # noqa: SLF001  as a program that died after it
        assert len((await driver.result(sample="S-1")).results) == 1

    assert on_bench(work).values(START)[wire.LOCK] == wire.UNLOCKED


def test_a_skipped_sample_and_a_faulted_instrument_are_told() -> None:
    """No figures come of either."""

    async def work(driver: ViCellBluOpcUa, hand: Hand) -> None:
        hand("skip", sample="S-1")
        [one] = (await driver.result(sample="S-1")).results
        assert (one.viable, one.error) == (None, "the sample was skipped by a person")
        hand("fault")
        assert "counter is Faulted" in (await driver.result(sample="S-1")).unread[0]

    on_bench(work)


@pytest.mark.requirement("F029", refuses=True)
def test_without_control_no_lock_is_taken() -> None:
    """Who it is may be asked."""

    async def work(driver: ViCellBluOpcUa, hand: Hand) -> None:
        assert await driver.identify() == Identity(
            "Beckman Coulter", "Vi-CELL BLU", "SIM-BLU-01", "1.4.4.1, firmware 1.0"
        )
        with pytest.raises(RefusedError, match="given no control"):
            await driver.result(sample="S-1")
        with pytest.raises(FailedError, match="known: count"):
            hand("dance")

    on_bench(work, control=False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"zone": "Mars"}, "a zone such as"),
        ({"access": "x"}, "only an opcua: port"),
        ({"colour": "red"}, "allowed: access"),
    ],
    ids=str,
)
def test_settings_that_are_not_allowed_are_named(given: dict[str, str], said: str) -> None:
    """With what is."""
    with pytest.raises(InputError, match=said):
        FACTORY.build(Link(MemoryStream(), name="counter"), given, control=True)
