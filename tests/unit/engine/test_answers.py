"""Answers to a question for a scan: the kind of a code counts, what it stands on, and who scanned another patient's."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from automation.engine.answers import Answers, Given
from automation.gmp.people.prompts import Prompt
from automation.gmp.product.containers import Container
from automation.gmp.scanned import mark_of
from automation.kernel.errors import IdentityError, RefusedError
from tests.support.doors import Doorway, doorway
from tests.unit.gmp.moves import ISSUE

DIN, OTHER = "A999926000017", "A999926000018"
P = "prompt/B1.receive.1.1"


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a site with two bags of two patients, and a batch of the first."""
    with doorway(tmp_path) as made:
        for name, din in (("BAG-1", DIN), ("BAG-2", OTHER)):
            made.do(f"container/{name}", "expect", {"identity": f"COI-{name}", "din": din})
        made.do("batch/B1", "issue", {**ISSUE, "identity": "COI-BAG-1", "containers": ["BAG-1"]}, by="issue")
        yield made


def ask(way: Doorway, value: str, kind: str) -> None:
    """Open a question for one code."""
    said = {"kind": "scan", "text": "Scan it", "accept": [value], "expects": kind, "batch": "B1", "step": "receive"}
    way.do(P, "open", said)


def scan(way: Doorway, code: str) -> None:
    """Give a code at the bench."""
    asyncio.run(Answers(way.door).give(Given("B1.receive.1.1", "perform", {"code": code}, "bench-1")))


@pytest.mark.requirement("F020", refuses=True)
@pytest.mark.parametrize(
    ("value", "kind", "code"),
    [
        (DIN, "donation number", f"LOT:{DIN}"),
        ("KIT-1", "lot label", "ASSET:KIT-1"),
        ("LN2-1/R1", "storage position", "SEAL:LN2-1/R1"),
    ],
)
def test_the_right_value_on_a_label_of_another_kind_is_refused(way: Doorway, value: str, kind: str, code: str) -> None:
    """An asset may bear the number of a lot; the label that was asked for is scanned then."""
    ask(way, value, kind)
    with pytest.raises(RefusedError, match=f"scan the {kind}"):
        scan(way, code)
    assert (way.state(P), way.get(Prompt, P).mismatches) == ("open", 1)


@pytest.mark.requirement("F020")
@pytest.mark.parametrize("code", [f"={DIN}00", f"={DIN}03", f"={DIN}89", DIN])
def test_a_donation_number_is_right_with_any_flags_of_a_container_and_typed(way: Doorway, code: str) -> None:
    """Flags number the containers of a set or carry the check character; they are no part of the number."""
    ask(way, DIN, "donation number")
    scan(way, code)
    assert dict(way.get(Prompt, P).values) == {"code": DIN}


@pytest.mark.requirement("F020", refuses=True)
@pytest.mark.parametrize(
    ("flags", "what"), [("06", "pilot tube"), ("07", "test tube"), ("08", "donor record"), ("10", "bacterial")]
)
def test_the_number_on_a_tube_or_a_paper_does_not_identify_the_bag(way: Doorway, flags: str, what: str) -> None:
    """ISBT 128 ST-001: these flags say that the number stands on something else than a container."""
    ask(way, DIN, "donation number")
    with pytest.raises(RefusedError, match=f"{what}.*on the container"):
        scan(way, f"={DIN}{flags}")
    assert way.state(P) == "open"


@pytest.mark.requirement("F056")
def test_the_record_says_who_scanned_another_patients_code_and_where(way: Doorway) -> None:
    """The program locks the question; the person and the terminal stand with it, the code does not."""
    ask(way, DIN, "donation number")
    with pytest.raises(IdentityError):
        scan(way, f"={OTHER}00")
    lock = next(event for event in way.ledger.events() if event.kind == "lock")
    assert way.get(Prompt, P).reason == "a donation number of another patient was scanned, by perform"
    assert (lock.terminal, OTHER.encode() in bytes(lock.body)) == ("bench-1", False)


@pytest.mark.requirement("F056", refuses=True)
def test_while_a_question_is_locked_every_scan_is_refused_in_the_name_of_who_scanned(way: Doorway) -> None:
    """The right code too: the line is cleared first."""
    ask(way, DIN, "donation number")
    with pytest.raises(IdentityError):
        scan(way, f"={OTHER}00")
    for code in (f"={DIN}00", f"={OTHER}00", "HELLO"):
        with pytest.raises(RefusedError):
            scan(way, code)
    noted = way.ledger.stream(f"refusals/{P}")
    assert [event.by for event in noted] == ["perform"] * 3


def two_bags(way: Doorway, *divisions: str) -> tuple[str, str]:
    """Give what one bag is asked by when a second one of the same collection has come under its number."""
    for name, code in zip(("BAG-8", "BAG-9"), divisions, strict=True):
        made = {"identity": "COI-BAG-1", "din": "A999926000088", "product_code": code}
        way.do(f"container/{name}", "expect", made)
    mark = mark_of(way.door, way.get(Container, "container/BAG-8"))
    return mark.code, str(mark.kind)


@pytest.mark.requirement("F020")
@pytest.mark.parametrize(
    "code",
    ["=A99992600008800=<S12954A0", "=+02000=A99992600008800=<S12954A0", "CONTAINER:BAG-8", "A999926000088S12954A0"],
)
def test_one_bag_of_several_under_a_number_is_told_by_its_division_or_its_own_label(way: Doorway, code: str) -> None:
    """ISBT 128: donation number and product code together are one product; the division is its last characters."""
    ask(way, *two_bags(way, "S12954A0", "S12954B0"))
    scan(way, code)
    assert dict(way.get(Prompt, P).values) == {"code": "A999926000088S12954A0"}


@pytest.mark.requirement("F020", refuses=True)
@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("=A99992600008800", "the donation number alone does not tell .* together with the product code"),
        ("=A99992600008800=<S12954B0", "another container of the same patient"),
        ("=A99992600008807=<S12954A0", "stands on a test tube"),
        ("CONTAINER:BAG-9", "this is the container label"),
        ("=<S12954A0", "this is the product code"),
    ],
)
def test_a_number_that_several_bags_bear_takes_none_of_them(way: Doorway, code: str, why: str) -> None:
    """The other bag of the same patient is as wrong as anybody's; the person is told what to scan."""
    ask(way, *two_bags(way, "S12954A0", "S12954B0"))
    with pytest.raises(RefusedError, match=why):
        scan(way, code)
    assert (way.state(P), way.get(Prompt, P).mismatches) == ("open", 1)


@pytest.mark.requirement("F020", refuses=True)
def test_bags_that_nothing_divides_are_told_by_their_own_labels(way: Doorway) -> None:
    """Neither number nor product code tells them apart; another patient's bag locks the question all the same."""
    ask(way, *two_bags(way, "S12954A0", "S12954A0"))
    with pytest.raises(RefusedError, match="scan the container's own label"):
        scan(way, "=A99992600008800")
    with pytest.raises(IdentityError):
        scan(way, f"={OTHER}00=<S12954A0")
    assert (way.state(P), mark_of(way.door, way.get(Container, "container/BAG-8")).code) == ("locked", "BAG-8")
