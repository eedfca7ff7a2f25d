"""A store in trouble: which containers, how long they have, where each can go; on simulated site C."""

import json
from pathlib import Path

import pytest

from automation.kernel.quantity import Seconds
from automation.ledger.read import Reader
from automation.views.objects import Objects
from automation.views.stores import Stores, latest, stores
from tests.support.commands import cellwright
from tests.support.runs import make_site
from tests.support.storage import DAY, HOUR, MINUTE, Vault, in_vault

pytestmark = pytest.mark.requirement("F052", "F127")


def seen(vault: Vault, *, later: float = 0.0) -> Stores:
    """Look at all stores as a command does, ``later`` s after the last reading."""
    vault.site.house.ledger.flush()
    for monitor in vault.site.monitors.values():
        monitor.recent.flush()
    entries = vault.site.file.vigilance.stores
    with Reader(vault.site.folder) as reader:
        objects = Objects(reader)
        now = latest(objects, vault.site.folder, entries) + Seconds(later)
        return stores(objects, vault.site.folder, entries, now=now)


def test_a_store_in_order_says_how_long_it_keeps_cold(tmp_path: Path) -> None:
    """Half full: half of its twenty days and a while of warming."""

    async def script(vault: Vault) -> None:
        await vault.go(10 * MINUTE + 1.0)
        store = seen(vault).every["store-01"]
        assert store.in_order
        assert store.left == pytest.approx(10 * DAY, rel=0.03)
        assert (len(store.contents), len(store.free)) == (0, 80)

    in_vault(tmp_path, script)


@pytest.mark.requirement("F052", "F127")
def test_each_container_has_a_free_place_in_another_store(tmp_path: Path) -> None:
    """In the order of their positions; a place that is taken is not given."""

    async def script(vault: Vault) -> None:
        await vault.go(5 * MINUTE)
        vault.keep("BAG-1002", "store-01/R1/B1/02")
        vault.keep("BAG-1001", "store-02/R1/B1/01")
        plan = seen(vault).plan("store-01")
        assert [(one.container, one.position, one.to) for one in plan] == [
            ("BAG-1002", "store-01/R1/B1/02", "store-02/R1/B1/02")
        ]

    in_vault(tmp_path, script)


@pytest.mark.requirement("F052", "F127", refuses=True)
@pytest.mark.parametrize("trouble", ["warm", "silent", "dry"])
def test_a_store_that_is_not_in_order_takes_nothing(tmp_path: Path, trouble: str) -> None:
    """Warm, not read, or in alarm: a container has no place then, and the plan says so."""
    hands: dict[str, tuple[str, dict[str, object]]] = {
        "warm": ("lid", {"open": True}),
        "silent": ("power", {"on": False}),
        "dry": ("level", {"percent": 8.0}),
    }

    async def script(vault: Vault) -> None:
        await vault.go(5 * MINUTE)
        vault.keep("BAG-1001", "store-01/R1/B1/01")
        action, details = hands[trouble]
        vault.hand("store-02", "automatic", on=False)
        vault.hand("store-02", action, **details)
        await vault.go(HOUR / 4)
        found = seen(vault)
        assert not found.every["store-02"].in_order
        assert [one.to for one in found.plan("store-01")] == [""]

    in_vault(tmp_path, script)


def test_readings_that_are_old_count_as_time_that_has_passed(tmp_path: Path) -> None:
    """Nobody watched for a day: a day less, and the store is not in order."""

    async def script(vault: Vault) -> None:
        await vault.go(5 * MINUTE)
        now, later = (seen(vault, later=seconds).every["store-01"] for seconds in (0.0, DAY))
        assert now.left is not None
        assert later.left == pytest.approx(now.left - DAY)
        assert (now.stale, later.stale, later.in_order) == (False, True, False)

    in_vault(tmp_path, script)


@pytest.mark.requirement("F124")
def test_the_commands_show_what_an_operator_needs(tmp_path: Path) -> None:
    """List, show, acknowledge, shelve, report: from the folder alone, and all say SIMULATED."""
    make_site(tmp_path, "c")

    async def script(vault: Vault) -> None:
        await vault.go(5 * MINUTE)
        vault.keep("BAG-1001", "store-01/R1/B1/01")
        vault.hand("store-01", "automatic", on=False)
        vault.hand("store-01", "level", percent=5.0)
        await vault.go(5 * MINUTE)

    in_vault(tmp_path, script)
    listed = cellwright("alarms", "list", "--site", tmp_path).out
    first = listed.index("store-01-dry")
    assert first < listed.index("store-01-low")
    assert "PRODUCT AT RISK" in listed
    assert "BAG-1001" in listed
    shown = cellwright("show", "store", "store-01", "--site", tmp_path).out
    assert "store-02/R1/B1/01" in shown
    assert "SIMULATED" in shown
    status = json.loads(cellwright("status", "--site", tmp_path, "--json").out)
    assert status["product_at_risk"][0]["containers"] == ["BAG-1001"]
    anna = ("--as", "anna", "--site", tmp_path)
    assert cellwright("alarms", "ack", "store-01-dry", "--comment", "on my way", *anna).status == 0
    assert cellwright("alarms", "shelve", "store-01-low", "--for", "3 h", "--reason", "same cause", *anna).status == 1
    assert cellwright("alarms", "shelve", "store-01-low", "--for", "1 h", "--reason", "same cause", *anna).status == 0
    report = json.loads(cellwright("alarms", "report", "--site", tmp_path, "--json").out)
    assert report["simulated"]
    assert {one["acknowledged_by"] for one in report["report"]["log"]} == {"", "anna"}


def test_a_site_without_stores_says_so(tmp_path: Path) -> None:
    """And an unknown store is answered with those that are there."""
    assert cellwright("init", tmp_path / "b", "--simulated", "--site", "b").status == 0
    said = cellwright("alarms", "watch", "--for", "1 h", "--site", tmp_path / "b")
    assert (said.status, "has no stores to watch" in said.err) == (2, True)
    assert cellwright("init", tmp_path / "c", "--simulated", "--site", "c").status == 0
    said = cellwright("show", "store", "store-1", "--site", tmp_path / "c")
    assert (said.status, "did you mean 'store-0" in said.err) == (2, True)


def test_a_watch_does_not_keep_a_batch_alive_in_which_nothing_happens(tmp_path: Path) -> None:
    """Site C has no freezer: the run is left after a quiet day, though the stores are read every minute."""
    assert "alarms watch" in cellwright("init", tmp_path, "--simulated", "--site", "c").out
    said = cellwright("run", "freeze-day", "--site", tmp_path, "--batch", "B-1")
    assert "nothing happens any more" in said.out
