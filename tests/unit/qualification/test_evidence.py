"""Files that show the steps of a qualification: kept when they are stated, and missed when they are gone."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from automation.engine.recipe.yaml_source import read_text
from automation.engine.site import Site
from automation.kernel.errors import RefusedError
from automation.ledger.verify_blobs import verify_blobs
from automation.opener import Staying
from automation.qualification.protocols import load, read
from tests.support.commands import Said, cellwright
from tests.support.qualifying import at_bench, begun, bench, execution, move

Q = "Q"
PROTOCOL = """\
id: photo-iq
version: "1"
title: A photograph
stages: [IQ]
asset_class: balance
scope: one balance
acceptance: every step as expected
requalify_d: 30
requirements: [{id: URS-1, text: It stands level., risk: low}]
cases:
  - id: P
    title: A photograph
    requirements: [URS-1]
    risk: low
    steps: [{n: 1, action: Take a photograph., expected: The bubble is centred., evidence: true}]
"""
SEEN = {"step": "P.1", "actual": "bubble centred", "met": True, "simulated": True}


@pytest.mark.requirement("F150.2", "C10.2")
@pytest.mark.requirement("F150.2", "C10.2", refuses=True)
def test_a_step_is_shown_by_a_file_that_is_kept_and_by_no_made_up_hash(tmp_path: Path) -> None:
    """Whoever takes the kept file away is found by who verifies the site's folder."""
    folder = bench(tmp_path / "site")

    async def job(site: Site) -> str:
        await begun(site, Q, read(read_text(PROTOCOL, name="p.yaml")), asset="balance-01", equipment={})
        with pytest.raises(RefusedError, match=f"P.1 by a file with SHA-256 {'ab' * 6}, which is not kept here"):
            await move(site, Q, {**SEEN, "evidence": ["ab" * 32]}, command="enter")
        photo = site.house.blobs.put(b"a photograph")
        await move(site, Q, {**SEEN, "evidence": [photo]}, command="enter")
        return photo

    photo = at_bench(folder, job)
    assert verify_blobs(folder) == ()
    (folder / "blobs" / photo[:2] / photo).unlink()
    (said,) = verify_blobs(folder)
    assert said.startswith(f"blobs/{photo[:2]}/{photo} is missing; event ")


@pytest.mark.requirement("F150.2", "C10.2")
def test_a_report_says_of_every_file_what_it_is_called_and_whether_it_is_still_whole(tmp_path: Path) -> None:
    """What somebody has changed on the disk is told as changed; who did a step stands there by name, with the zone."""
    folder, photo = bench(tmp_path / "site"), tmp_path / "photo.jpg"
    photo.write_bytes(b"a photograph")
    (tmp_path / "p.yaml").write_text(PROTOCOL, encoding="utf-8")
    house = Staying()
    words = ("qualify", tmp_path / "p.yaml", "--asset", "balance-01", "--site", folder)

    def say(*more: object) -> Said:
        said = cellwright(*words, *more, house=lambda: house)
        assert said.status == 0, said.err
        return said

    at_bench(folder, _nothing)
    planned = say("--as", "erik", "--json").data
    approve = ("approve", "--digest", planned["digest"], "--as", "dora", "--site", folder)
    cellwright("do", "qualification", planned["qualification"], *approve, house=lambda: house)
    say("--as", "erik", "--seen", "P.1=bubble centred", "--evidence", f"P.1={photo}")
    before = json.loads(_reported(say, tmp_path / "before.json"))
    sha = hashlib.sha256(b"a photograph").hexdigest()
    assert before["cases"][0]["steps"][0]["lines"][0]["files"] == [["photo.jpg", sha, "whole"]]
    (folder / "blobs" / sha[:2] / sha).write_bytes(b"another")
    after = _reported(say, tmp_path / "after.html").decode()
    assert "1 file, each by its SHA-256; 1 NOT WHOLE" in after
    assert "balance-01</" in after
    assert "Erik Holm (erik); 2026-01-05T08:00:00+00:00; event" in after
    house.leave()


MISTAKEN = PROTOCOL.replace(
    "cases:\n",
    """cases:
  - id: B
    title: A check that can't be done
    requirements: [URS-1]
    risk: low
    steps: [{n: 1, action: The program reads., expected: a mass, check: read, given: {method: mass}}]
  - id: C
    title: A check that can
    requirements: [URS-1]
    risk: low
    steps: [{n: 1, action: The program verifies., expected: intact, check: ledger}]
""",
).replace("asset_class: balance", "asset_class: controlled rate freezer")


@pytest.mark.requirement("F150.2", refuses=True)
def test_a_check_that_makes_no_sense_is_told_and_holds_up_nothing_else(tmp_path: Path) -> None:
    """The other checks are done, and what people found is entered."""
    folder = bench(tmp_path / "site")
    (tmp_path / "p.yaml").write_text(MISTAKEN, encoding="utf-8")
    (tmp_path / "photo.jpg").write_bytes(b"a photograph")

    async def job(site: Site) -> None:
        await begun(site, "crf-01-photo-iq-1", load(tmp_path / "p.yaml").protocol, asset="crf-01", equipment={})

    at_bench(folder, job)
    found = ("--seen", "P.1=bubble centred", "--evidence", f"P.1={tmp_path / 'photo.jpg'}")
    words = ("qualify", tmp_path / "p.yaml", "--asset", "crf-01", "--as", "erik", "--site", folder)
    said = cellwright(*words, *found)
    assert (said.status, "step B.1: method is 'mass', which" in said.err) == (2, True), said.err
    assert at_bench(folder, _steps) == ["C.1", "P.1"]


async def _steps(site: Site) -> list[str]:
    return [one.step for one in execution(site, "crf-01-photo-iq-1").results]


async def _nothing(_site: Site) -> None:
    """Found the site."""


def _reported(say: Callable[..., Said], file: Path) -> bytes:
    say("--report", file)
    return file.read_bytes()
