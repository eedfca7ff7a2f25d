"""Simulated is never real: what a live site refuses, and that neither kind of site opens as the other."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path

import pytest

from automation.bootstrap import Way, open_site
from automation.engine.site import Site
from automation.kernel.clock import SimulatedClock, instant, run_simulated
from automation.kernel.errors import CellwrightError, InputError
from fakes.faults import Faults
from tests.support.commands import cellwright
from tests.support.runs import make_site

SITE = """\
site: {name: Suite 9, mode: live, zone: UTC}
roles:
  administrator: [administer]
  quality: [approve]
assets:
  crf-01: {class: controlled rate freezer}
"""
ASSET = "crf-01: {class: controlled rate freezer}"
DRIVEN = "crf-01: {class: controlled rate freezer, driver: eurotherm_modbus, port: "
REFUSED = {
    "a memory port": (ASSET, f"{DRIVEN}memory}}", "no memory or pseudo-terminal ports"),
    "a pseudo-terminal": (ASSET, f"{DRIVEN}'pty:/dev/pts/3'}}", "no memory or pseudo-terminal ports"),
    "one as a serial port": (ASSET, f"{DRIVEN}'serial:/dev/pts/3'}}", "no memory or pseudo-terminal ports"),
    "a fake": (ASSET, "crf-01: {class: freezer, fake: eurotherm_freezer}", "is for simulated sites only"),
    "a seed": ("zone: UTC", "zone: UTC, seed: 1", "is for simulated sites only"),
    "a start": ("zone: UTC", "zone: UTC, start: '2026-01-05T08:00:00'", "is for simulated sites only"),
    "scripted people": ("roles:", "people: {}\nroles:", "is for simulated sites only"),
    "lots in its file": ("roles:", "materials: {}\nroles:", "is for simulated sites only"),
    "containers in its file": ("roles:", "containers: {}\nroles:", "is for simulated sites only"),
    "a world": ("roles:", "world: {}\nroles:", "is for simulated sites only"),
}


def live_site(folder: Path, text: str = SITE) -> Path:
    """Make a live site folder that was not opened yet."""
    (folder / "site.yaml").write_text(text, encoding="utf-8")
    return folder


async def opened(folder: Path, way: Way | None = None) -> str:
    """Open a site and leave it again."""
    site = await open_site(folder, way)
    name = site.file.name
    await site.leave()
    return name


def why(work: Coroutine[object, object, object]) -> str:
    """Give with what the work was refused."""
    with pytest.raises(CellwrightError) as refused:
        asyncio.run(work)
    return str(refused.value)


@pytest.mark.requirement("C07", refuses=True)
@pytest.mark.parametrize("what", REFUSED)
def test_a_live_site_refuses(tmp_path: Path, what: str) -> None:
    """One error with the line, and no ledger is made."""
    old, new, said = REFUSED[what]
    message = why(opened(live_site(tmp_path, SITE.replace(old, new, 1))))
    assert (said in message, "site.yaml:" in message) == (True, True)
    assert not (tmp_path / "ledger.sqlite").exists()


@pytest.mark.requirement("C07", refuses=True)
@pytest.mark.parametrize(("way", "what"), [(Way(seed=1), "a seed"), (Way(faults=Faults()), "faults")])
def test_a_live_site_is_not_opened_with_chance_or_faults(tmp_path: Path, way: Way, what: str) -> None:
    """Whoever opens it by the library is refused like the file."""
    assert why(opened(live_site(tmp_path), way)).endswith(f"{what} is for simulated sites only")


@pytest.mark.requirement("C07", refuses=True)
def test_a_live_site_is_not_opened_in_simulated_time(tmp_path: Path) -> None:
    """Neither on a loop whose clock jumps, nor with such a clock on an ordinary one."""
    folder = live_site(tmp_path)

    async def inside(clock: SimulatedClock) -> Site:
        return await open_site(folder, clock=clock)

    with pytest.raises(InputError, match="a simulated clock is for simulated sites only"):
        run_simulated(inside, start=instant("2026-01-05T08:00:00"))
    assert not (folder / "ledger.sqlite").exists()


@pytest.mark.requirement("C07", refuses=True)
@pytest.mark.parametrize("was", ["live", "simulated"])
def test_a_ledger_never_opens_as_the_other_kind(tmp_path: Path, was: str) -> None:
    """Whoever edits the site's file in between gets one error that names both kinds."""
    text = SITE if was == "live" else SITE.replace("live", "simulated")
    other = {"live": "simulated", "simulated": "live"}[was]
    folder = live_site(tmp_path, text)
    assert asyncio.run(opened(folder)) == "Suite 9"
    (folder / "site.yaml").write_text(text.replace(f"mode: {was}", f"mode: {other}"), encoding="utf-8")
    assert f"the ledger is {was}, for ever; {other} was asked for" in why(opened(folder))


@pytest.mark.requirement("C07", refuses=True)
def test_the_command_line_refuses_chance_and_leaps_on_a_live_site(tmp_path: Path) -> None:
    """Exit status 2, as for every wrong input."""
    folder = live_site(tmp_path)
    said = [
        cellwright("run", "freeze-day", "--site", folder, "--batch", "B-1", "--seed", "3", "--as", "anna"),
        cellwright("resume", "B-1", "--site", folder, "--down", "20 min"),
    ]
    assert [(one.status, "--down and --seed are for simulated ones" in one.err) for one in said] == [(2, True)] * 2


@pytest.mark.requirement("C07", refuses=True)
def test_a_simulated_site_takes_no_administrator(tmp_path: Path) -> None:
    """Its people stand in its file."""
    folder = make_site(tmp_path / "a")
    words = ("--admin", "ada", "--admin-name", "Ada Admin")
    new = cellwright("init", tmp_path / "b", "--simulated", *words)
    assert (new.status, "--admin is for live sites" in new.err) == (2, True)
    assert not (tmp_path / "b").exists()
    assert (folder / "site.yaml").exists()
