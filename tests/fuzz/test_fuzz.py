"""The fixed part of fuzzing: some inputs for every target, what was found before, and proof that a bug is caught."""

import contextlib
from collections.abc import Iterator

import pytest

from automation.kernel.errors import WireError
from automation.kernel.ids import keyed
from tests.fuzz import checksums
from tests.fuzz.found import FOUND, Found
from tests.fuzz.mutators import mutated
from tests.fuzz.registry import targets
from tests.fuzz.run import fails, fuzz
from tests.fuzz.target import Attempt, BrokenError, Target, pure, understood

INPUTS = 100
SEED = 20260105


@pytest.mark.requirement("F103.2", "C06", refuses=True)
@pytest.mark.parametrize("name", targets())
def test_damaged_input_is_refused_or_understood_and_nothing_else(name: str) -> None:
    """Only errors of our own, no number that is none, no accepted frame with a wrong checksum, no hang."""
    target = targets()[name]
    outcome = fuzz(target, max(5, round(INPUTS * target.share)), seed=SEED)
    assert outcome.failure is None


@pytest.mark.parametrize("name", targets())
def test_some_example_of_every_target_is_understood(name: str) -> None:
    """Damage to what is refused anyway would show nothing."""
    target = targets()[name]
    assert target.harmless or target.seal
    if name.startswith(("fake ", "hand ")):  # some have no link, and some only hear what hands do
        return
    with target.fresh() as attempt:
        assert any(understood(attempt, data) is not None for data in target.corpus())


@pytest.mark.parametrize("find", FOUND, ids=lambda find: f"{find.target}-{find.was}".replace(" ", "-"))
def test_what_was_found_once_is_found_no_more(find: Found) -> None:
    """The shortest input that showed each bug."""
    assert fails(targets()[find.target], find.inputs) == ""


def _forgets_a_digit(data: bytes) -> object:
    """Read ``n=<digits>;`` and come to grief on a sign that is a digit and no number."""
    if not data.startswith(b"n="):
        raise WireError("no number")
    return int(data[2:].decode("latin-1")) if data[2:].decode("latin-1").isdigit() else None


def _planted(attempt: Attempt, **changes: object) -> Target:
    made = {"name": "planted", "covers": ("nothing",), "corpus": lambda: [b"n=17", b"n=4"], "fresh": pure(attempt)}
    return Target(**{**made, **changes})  # type: ignore[arg-type]  # changes are named as the fields are


def test_a_planted_bug_is_found_and_shrunk_to_its_core() -> None:
    """The superscript two is a digit and no number."""
    outcome = fuzz(_planted(_forgets_a_digit), 200_000, seed=1)
    assert outcome.failure is not None
    assert outcome.failure.error.startswith("ValueError")
    assert len(outcome.failure.inputs[0]) == 3


@contextlib.contextmanager
def _remembers() -> Iterator[Attempt]:
    seen: list[bytes] = []

    def attempt(data: bytes) -> object:
        seen.append(data)
        return 1 // (3 - sum(b"4" in one for one in seen))

    yield attempt


def test_a_bug_that_needs_several_inputs_is_replayed_with_just_these() -> None:
    """An instance that remembers is given them in their order."""
    failure = fuzz(_planted(_forgets_a_digit, fresh=_remembers, life=50), 5000, seed=1).failure
    assert failure is not None
    assert failure.inputs == (b"4", b"4", b"4")


def test_an_accepted_frame_with_a_wrong_checksum_is_a_broken_promise() -> None:
    """As from a codec that looks at half of its checksum."""

    def half(data: bytes) -> object:
        if len(data) < 3 or checksums.modbus(data[:-2]) & 0xFF != data[-2]:
            raise WireError("a wrong CRC")
        if checksums.modbus(data) != 0:
            raise BrokenError("accepted with a wrong CRC")
        return data

    good = b"\1\3\2\0\5" + checksums.modbus(b"\1\3\2\0\5").to_bytes(2, "little")
    failure = fuzz(_planted(half, corpus=lambda: [good]), 20_000, seed=1).failure
    assert failure is not None
    assert failure.error.startswith("BrokenError")


@pytest.mark.parametrize("value", [float("inf"), [1.0, {"a": float("nan")}]])
def test_a_number_that_is_none_is_a_broken_promise(value: object) -> None:
    """Wherever it stands in what was understood."""
    assert fails(_planted(lambda _data: value), [b"x"]).startswith("BrokenError")


def test_a_hang_ends_and_is_told() -> None:
    """By processor time, so that a busy machine is no hang."""

    def spin(_data: bytes) -> object:
        while True:
            pass

    assert fails(_planted(spin), [b"x"], cpu=0.05) == "HangError: more than 0.05 s of processor time for one input"


def test_the_same_seed_gives_the_same_inputs() -> None:
    """So that a run can be told by its seed."""
    first, second = (keyed(5, "fuzz", "x") for _ in range(2))
    corpus = (b"S S 100.00 g\r\n", b"I2 A 7\r\n")
    assert [mutated(first, corpus) for _ in range(50)] == [mutated(second, corpus) for _ in range(50)]


@pytest.mark.parametrize(
    ("check", "value"), [(checksums.modbus, 0x4B37), (checksums.xmodem, 0x31C3), (checksums.iso_hdlc, 0xCBF43926)]
)
def test_the_checksums_of_the_tests_give_the_published_check_values(check: checksums.Crc, value: int) -> None:
    """Of the digits 1 to 9."""
    assert check(b"123456789") == value
