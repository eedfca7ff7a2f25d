"""The story of docs/golden-thread.md, run word for word at the command line; what the page shows is what comes out."""

import hashlib
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from automation.ledger.read import Reader
from automation.views.objects import Objects
from tests.support.cold import approved
from tests.support.commands import Kept, Said, cellwright

PAGE = Path(__file__).parents[2] / "docs" / "golden-thread.md"
DIGEST = re.compile(r"\$\(sha256sum (\S+) \| cut -d' ' -f1\)")


@dataclass(frozen=True, slots=True)
class Told:
    """One command of the page, what the page shows of its answer, and what it was."""

    words: str
    shown: tuple[str, ...]
    said: Said


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder of its own."""
    folder, here = tmp_path_factory.mktemp("thread"), Path.cwd()
    Path(approved(folder, "freeze-day")).rename(folder / "freeze-day.yaml")
    os.chdir(folder)
    house = Kept()
    try:
        return folder / "site", tuple(Told(words, shown, _run(words, house)) for words, shown in _page())
    finally:
        house.leave()
        os.chdir(here)


def _page() -> list[tuple[str, tuple[str, ...]]]:
    """Give every command of the page with the lines that stand below it."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    parts = [part.strip().splitlines() for block in blocks for part in f"\n{block}".split("\n$ ")[1:]]
    return [(words, tuple(shown)) for words, *shown in parts if words.startswith("cellwright ")]


def _run(words: str, house: Kept) -> Said:
    if found := DIGEST.search(words):
        words = words.replace(found[0], hashlib.sha256(Path(found[1]).read_bytes()).hexdigest())
    command, *rest = shlex.split(words)[1:]
    where = [] if command in {"init", "verify"} else ["--site", "site"]
    return cellwright(command, *rest, *where, house=lambda: house)


@pytest.mark.requirement("F009", "F010", "F020", "F021", "F053", "F054", "F057", "F065", "F075", "F129", "C01")
def test_every_command_of_the_page_does_what_the_page_shows(story: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    for told in story[1]:
        refused = any(line.startswith("cellwright: ") for line in told.shown)
        assert (told.said.status, told.words) == (int(refused), told.words), told.said.err
        answer = " ".join((told.said.out + told.said.err).split())
        assert [line for line in told.shown if " ".join(line.split()) not in answer] == []


@pytest.mark.requirement("F106", "F179")
def test_whoever_was_refused_is_on_the_record_and_no_code_of_another_patient_is(
    story: tuple[Path, tuple[Told, ...]],
) -> None:
    """Eight acts were refused; what a wrong wristband said stands nowhere in the ledger."""
    with Reader(story[0]) as reader:
        events = list(reader.events())
    assert sum(event.stream.startswith("refusals/") for event in events) == 8
    assert [event.seq for event in events if b"CHA999926GT0018" in event.body] == []


@pytest.mark.requirement("F020", "F167")
def test_the_whole_way_is_under_one_chain_of_identity(story: tuple[Path, tuple[Told, ...]]) -> None:
    """Collection, bag, hand-overs, lot and infusion; the order is fulfilled and the bag is out of the house."""
    with Reader(story[0]) as reader:
        objects = Objects(reader)
    ends = {"order/ORD-17": "fulfilled", "container/BAG-0301": "handed over", "release/B-17": "conditionally released"}
    assert {name: objects.find(*name.split("/")).state for name in ends} == ends
    names = ("order/ORD-17", "batch/B-17", "container/BAG-0301", *(f"handover/HO-{number}" for number in range(1, 5)))
    assert {getattr(objects.find(*name.split("/")), "identity", "") for name in names} == {"CHA999926GT0017"}
