"""The record of a batch that another process runs: a draft as of one event, whatever is appended meanwhile."""

import asyncio
import json
from pathlib import Path

import pytest

from automation.engine.requests import Done
from automation.engine.site import Site
from automation.ledger.read import Reader
from tests.support.commands import Said, cellwright, simulated_site
from tests.support.owned import BATCH, asked, deviation, owned


async def said(site: Site, *words: object) -> Said:
    """Run a command from a thread, as another process would."""
    return await asyncio.to_thread(cellwright, *words, "--site", site.folder)


@pytest.mark.requirement("F042")
def test_the_record_of_a_running_batch_says_draft_with_its_head_and_time(tmp_path: Path) -> None:
    """In what is printed, in the JSON, and in the file; nobody has signed it, and it claims no more."""
    file = tmp_path / "draft.json"

    async def job(site: Site) -> tuple[Said, bytes, Said]:
        drawn = await said(site, "record", BATCH, "--format", "json", "-o", file, "--json")
        last = site.house.ledger.hash_at(int(str(drawn.data["as_of"]))) or b""
        return drawn, last, await asyncio.to_thread(cellwright, "verify", file)

    drawn, last, verified = owned(tmp_path / "site", job)
    record = json.loads(file.read_bytes())["record"]
    assert (drawn.data["draft"], drawn.data["head"], record["draft"]) == (True, last.hex(), True)
    assert (record["proof"]["head"], record["proof"]["head_seq"]) == (last.hex(), record["as_of"])
    assert record["drawn"] == drawn.data["drawn"]
    assert (verified.status, "draft without proof" in verified.out) == (1, True)


@pytest.mark.requirement("F042")
def test_a_draft_says_so_on_every_page(tmp_path: Path) -> None:
    """On the screen, at the top of each printed page with head and time at its foot; the PDF is drawn of the same."""
    page = tmp_path / "draft.html"

    async def job(site: Site) -> Said:
        return await said(site, "record", BATCH, "--format", "html", "-o", page)

    drawn = owned(tmp_path / "site", job)
    text = page.read_text(encoding="utf-8")
    head = drawn.out.split("head ")[1].split()[0]
    assert drawn.out.startswith("SIMULATED DRAFT record of B-1: ")
    assert "<b class=mark>DRAFT</b>" in text
    printed = next(line for line in text.splitlines() if "@top-right { content" in line)
    assert ("DRAFT" in printed, f"head {head[:16]} at event" in printed) == (True, True)


@pytest.mark.requirement("F042")
def test_a_draft_shows_one_moment_while_others_go_on(tmp_path: Path) -> None:
    """Deviations are opened while records are drawn: none shows an event after the one it names."""

    async def busy(site: Site) -> int:
        done = [await asked(site, deviation("anna", f"D-{n}")) for n in range(12)]
        return sum(isinstance(one, Done) for one in done)

    async def job(site: Site) -> int:
        going = asyncio.create_task(busy(site))
        for n in range(3):
            await said(site, "record", BATCH, "--format", "json", "-o", tmp_path / f"{n}.json")
        return await going

    assert owned(tmp_path / "site", job) == 12
    drafts = [json.loads((tmp_path / f"{n}.json").read_bytes())["record"] for n in range(3)]
    for draft in drafts:
        with Reader(tmp_path / "site") as reader:
            head = reader.hash_at(draft["as_of"])
        assert (head or b"").hex() == draft["proof"]["head"]
        assert max(entry["seq"] for entry in draft["trail"]) <= draft["as_of"]


@pytest.mark.requirement("F105", "F105.1", refuses=True)
def test_a_record_is_never_written_over_a_file_of_the_site(tmp_path: Path) -> None:
    """A slip of the hand after ``-o`` costs nothing; a name of its own beside them is allowed."""
    folder = simulated_site(tmp_path / "site")
    run = ("--batch", BATCH, "--stop-at", "receive.identified", "--site", folder)
    assert cellwright("run", "freeze-day", *run).status == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    words = ("record", BATCH, "--format", "json", "--site", folder, "-o")
    for name in ("ledger.sqlite", "credentials.json", "blobs/x.json", "../site/heads.log"):
        refused = cellwright(*words, folder / name)
        assert (refused.status, "where the site keeps its files" in refused.err) == (2, True)
    assert {path: path.read_bytes() for path in before} == before
    assert cellwright(*words, folder / "b-1.json").status == 0
