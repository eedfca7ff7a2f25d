"""The EI-Bisynch freezer driver at the edges of what is documented; units degC."""

import pytest

from automation.engine.handles import Container
from automation.kernel.errors import LinkError, RefusedError, WireError
from automation.kernel.quantity import Celsius
from fakes.faults import FaultKind
from instruments.drivers.eurotherm.wire import bisynch
from instruments.drivers.stored_programs import program_digest
from instruments.interfaces.freezer import PowerFail, Program
from tests.support.freezers import COMP, LIN, SHORT, Bench, Wish, on_bench

pytestmark = pytest.mark.requirement("F048", "C05.1", "C06")

STORED = Wish(protocol="bisynch", stored=SHORT)


def test_a_refusal_tells_what_the_error_parameter_holds() -> None:
    """The number is the controller's; no document at hand gives it a name."""

    async def work(bench: Bench) -> None:
        with pytest.raises(RefusedError, match=r"refused SL=400\.0; EE is >0008"):
            await bench.freezer.stand_by(target=Celsius(400.0))

    on_bench(STORED, work)


def test_a_set_point_finer_than_shown_is_refused() -> None:
    """It could not be compared when read back."""

    async def work(bench: Bench) -> None:
        with pytest.raises(RefusedError, match="one decimal"):
            await bench.freezer.stand_by(target=Celsius(4.05))
        assert bench.fake.acts["set point"] == 0

    on_bench(STORED, work)


def test_a_start_checks_the_number_that_the_panel_shows() -> None:
    """Somebody selected another program after it was loaded."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        bench.hand("panel", register=22, value=2)
        with pytest.raises(RefusedError, match="in reset with program 2; a start needs reset with program 1"):
            await bench.freezer.start(containers=(Container("bag"),))
        assert bench.fake.acts["start"] == 0

    on_bench(STORED, work)


def test_a_selection_whose_answer_was_lost_can_be_made_again() -> None:
    """Selecting the same program twice is selecting it once."""

    async def work(bench: Bench) -> None:
        bench.fault(FaultKind.LOSE_REPLY, at=2)
        with pytest.raises(LinkError):
            await bench.freezer.load(program=SHORT)
        await bench.freezer.load(program=SHORT)
        assert bench.controller.selected == 1

    on_bench(STORED, work)


@pytest.mark.requirement("C05.1", refuses=True)
def test_a_program_is_selected_only_when_none_runs_and_after_a_reset() -> None:
    """Selected again after its end, the programmer is in reset and starts anew."""

    async def work(bench: Bench) -> None:
        bag = (Container("bag"),)
        await bench.freezer.load(program=SHORT)
        await bench.freezer.start(containers=bag)
        with pytest.raises(RefusedError, match="in run"):
            await bench.freezer.load(program=SHORT)
        await bench.passes(600)
        await bench.freezer.load(program=SHORT)
        await bench.freezer.start(containers=bag)
        assert bench.fake.acts["start"] == 2

    on_bench(STORED, work)


def test_only_a_held_program_goes_on() -> None:
    """A run that was not held is left alone."""

    async def work(bench: Bench) -> None:
        with pytest.raises(RefusedError, match="only a held program goes on"):
            await bench.freezer.go_on()

    on_bench(STORED, work)


def test_identity_and_strategy_are_declared_and_the_configuration_is_read() -> None:
    """ID and limits make the digest."""

    async def work(bench: Bench) -> None:
        found = await bench.freezer.identify()
        assert (found.maker, len(found.configuration)) == ("Eurotherm", 16)
        assert await bench.freezer.power_fail() is PowerFail.CONTINUE
        assert await bench.freezer.report() is None

    on_bench(STORED, work)


def test_a_garbled_answer_is_no_answer() -> None:
    """One wrong byte in the reply to the first question."""

    async def work(bench: Bench) -> None:
        bench.fault(FaultKind.GARBLE_REPLY)
        with pytest.raises((WireError, LinkError)):
            await bench.freezer.chamber()
        assert await bench.freezer.chamber() == pytest.approx(22.0, abs=0.6)

    on_bench(STORED, work)


def test_each_program_has_a_digest_of_its_own_whatever_its_name() -> None:
    """The digest stands for the segments."""
    assert program_digest(LIN) != program_digest(COMP)
    assert program_digest(LIN) == program_digest(Program("other", LIN.segments))


@pytest.mark.parametrize("text", ["", "1,5", "nan", "--", "1e5", "12.3.4", ">12"])
def test_what_is_not_a_plain_number_is_refused(text: str) -> None:
    """A value outside the range or a broken sensor may show as words."""
    with pytest.raises(WireError, match="not a number"):
        bisynch.number(text)


def test_whole_numbers_come_in_two_forms() -> None:
    """Decimal and hexadecimal; a fraction is none."""
    assert (bisynch.whole("16"), bisynch.whole(">0010")) == (16, 16)
    with pytest.raises(WireError, match="not a whole number"):
        bisynch.whole("1.5")


def test_a_controller_without_the_parameter_says_so() -> None:
    """EOT alone is its answer, which is a refusal that names the parameter."""

    async def work(bench: Bench) -> None:
        ask = bisynch.Ask(1, "ZZ")
        with pytest.raises(RefusedError, match="no parameter ZZ"):
            ask.text(await bench.link.exchange(ask.frame, ask.complete))

    on_bench(STORED, work)
