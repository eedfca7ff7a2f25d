"""Storage watched beside all batches, on simulated site C: trends, gaps, alarms, calls; %, degC, s."""

import errno
import os
from pathlib import Path

import msgspec
import pytest
from pytest_mock import MockerFixture

from automation.bootstrap import Way
from automation.engine.monitor import recent_of, stream_of
from automation.engine.trends import Sealed
from automation.kernel.errors import InputError, RefusedError
from tests.support.crash import Kept
from tests.support.runs import make_site
from tests.support.storage import DAY, HOUR, MINUTE, Vault, in_vault


class _Said(msgspec.Struct):
    given: dict[str, str | int | float]


STORE, LINK = "store-01", "store-01-watch"
SEEN = {"comment": "I go and look"}

pytestmark = pytest.mark.requirement("F030", "F051", "F124")


@pytest.mark.requirement("F104")
def test_a_day_of_watching_is_process_data_and_not_one_event_for_each_reading(tmp_path: Path) -> None:
    """1440 looks at six channels: two chunks of 600 each are sealed, the rest stands in the file."""

    async def script(vault: Vault) -> None:
        await vault.go(DAY + 1.0)
        chunks = [event.read(Sealed) for event in vault.events(stream_of(STORE))]
        assert [chunk.count for chunk in chunks if chunk.channel == "level"] == [600, 600]
        assert len(chunks) == 12
        assert list(vault.site.house.door.every("alarm")) == []

    in_vault(tmp_path, script)
    assert len(recent_of(tmp_path, STORE).read_text(encoding="utf-8").splitlines()) == 240 * 6


@pytest.mark.requirement("F125", "F126")
def test_a_store_that_runs_dry_is_told_in_time_and_people_are_called_until_one_acts(tmp_path: Path) -> None:
    """No supply: 10 % are passed after eight days; a deviation, and call after call until an acknowledgement."""

    async def script(vault: Vault) -> None:
        vault.hand(STORE, "supply", litres=0.0)
        await vault.go(8.1 * DAY)
        alarm, call = vault.alarm("store-01-dry"), vault.call("store-01-dry")
        assert (alarm.state, alarm.raising and alarm.raising.limit) == ("unacknowledged", "< 10 %")
        assert call.called == ("anna", "carla", "erik")
        assert vault.deviations() == ["store-01-D01"]
        vault.do("alarm/store-01-dry", "acknowledge", by="carla", **SEEN)
        await vault.go(30 * MINUTE)
        assert vault.kinds("call/store-01-dry")[-2:] == ["next", "answer"]
        assert vault.call("store-01-dry").answer == "alarm is acknowledged, carla acted"

    in_vault(tmp_path, script)


def test_the_next_of_the_roster_is_called_when_the_time_of_the_one_before_is_over(tmp_path: Path) -> None:
    """Anna has ten minutes, Carla fifteen, Erik thirty, then Anna again; each call is an event."""

    async def script(vault: Vault) -> None:
        vault.hand(STORE, "automatic", on=False)
        vault.hand(STORE, "level", percent=5.0)
        await vault.go(4 * MINUTE)
        assert vault.call("store-01-dry").called == ("anna",)
        await vault.go(10 * MINUTE)
        assert vault.call("store-01-dry").called == ("anna", "carla")
        await vault.go(15 * MINUTE)
        assert vault.call("store-01-dry").called == ("anna", "carla", "erik")
        await vault.go(30 * MINUTE)
        calling = vault.call("store-01-dry").calling
        assert (calling and calling.person, calling and calling.number) == ("anna", 4)
        assert vault.kinds("call/store-01-dry") == ["call", "next", "next", "next"]

    in_vault(tmp_path, script)


def test_an_alarm_waits_for_its_delay_and_ends_behind_its_deadband(tmp_path: Path) -> None:
    """A lid that is open for a minute is no alarm; one that stays open is."""

    async def script(vault: Vault) -> None:
        vault.hand(STORE, "lid", open=True)
        await vault.go(2 * MINUTE)
        vault.hand(STORE, "lid", open=False)
        await vault.go(HOUR)
        assert vault.kinds("alarm/") == []
        vault.hand(STORE, "lid", open=True)
        await vault.go(20 * MINUTE)
        vault.hand(STORE, "lid", open=False)
        await vault.go(3 * HOUR)
        assert vault.kinds("alarm/store-01-warm-a") == ["raise", "clear"]
        assert vault.alarm("store-01-warm-a").state == "returned"

    in_vault(tmp_path, script)


def test_a_fill_alarm_latches_until_a_person_resets_it(tmp_path: Path) -> None:
    """The controller forgot it; the record did not."""

    async def script(vault: Vault) -> None:
        vault.hand(STORE, "supply", litres=0.0)
        vault.hand(STORE, "level", percent=29.0)
        await vault.go(2 * HOUR)
        vault.hand(STORE, "supply", litres=1000.0)
        vault.hand(STORE, "reset")
        await vault.go(HOUR)
        assert vault.alarm("store-01-fill").state == "latched unacknowledged"
        vault.do("alarm/store-01-fill", "acknowledge", **SEEN)
        vault.do("alarm/store-01-fill", "reset", reason="vessel changed")
        assert vault.alarm("store-01-fill").state == "normal"

    in_vault(tmp_path, script)


@pytest.mark.parametrize("still", [True, False])
def test_shelving_ends_by_itself_as_the_condition_stands(tmp_path: Path, *, still: bool) -> None:
    """Two hours at most, as the definition says."""

    async def script(vault: Vault) -> None:
        vault.hand(STORE, "automatic", on=False)
        vault.hand(STORE, "level", percent=20.0)
        await vault.go(5 * MINUTE)
        late = float(vault.now) + 3 * HOUR
        with pytest.raises(RefusedError, match="a moment after now and up to"):
            vault.do("alarm/store-01-low", "shelve", reason="supply is coming", until=late)
        vault.do("alarm/store-01-low", "shelve", reason="supply is coming", until=float(vault.now) + HOUR)
        if not still:
            vault.hand(STORE, "level", percent=50.0)
        await vault.go(HOUR + 1.0)
        assert vault.alarm("store-01-low").state == ("unacknowledged" if still else "normal")

    in_vault(tmp_path, script)


def test_shelving_that_was_over_while_nobody_ran_ends_at_the_next_start(tmp_path: Path) -> None:
    """The program was down for the whole night."""

    async def first(vault: Vault) -> None:
        vault.hand(STORE, "automatic", on=False)
        vault.hand(STORE, "level", percent=20.0)
        await vault.go(5 * MINUTE)
        vault.do("alarm/store-01-low", "shelve", reason="supply is coming", until=float(vault.now) + HOUR)

    async def second(vault: Vault) -> None:
        await vault.go(1.0)
        assert vault.alarm("store-01-low").state == "unacknowledged"

    in_vault(tmp_path, first)
    in_vault(tmp_path, second, down=8 * HOUR)


def test_an_acknowledged_alarm_that_stays_comes_again(tmp_path: Path) -> None:
    """After four hours, as its definition says."""

    async def script(vault: Vault) -> None:
        vault.hand(STORE, "automatic", on=False)
        vault.hand(STORE, "level", percent=20.0)
        await vault.go(5 * MINUTE)
        vault.do("alarm/store-01-low", "acknowledge", **SEEN)
        await vault.go(4 * HOUR - MINUTE)
        assert vault.alarm("store-01-low").state == "acknowledged"
        await vault.go(2 * MINUTE)
        assert (vault.alarm("store-01-low").state, vault.alarm("store-01-low").count) == ("unacknowledged", 2)

    in_vault(tmp_path, script)


def test_a_store_that_does_not_answer_is_a_gap_and_an_alarm_until_it_is_back(tmp_path: Path) -> None:
    """The readings of that time are gaps, not numbers; back, it says who it is first."""

    async def script(vault: Vault) -> None:
        await vault.go(10 * MINUTE)
        vault.hand(STORE, "power", on=False)
        await vault.go(10 * MINUTE)
        assert vault.alarm(LINK).state == "unacknowledged"
        vault.hand(STORE, "power", on=True)
        await vault.go(10 * MINUTE)
        assert vault.alarm(LINK).state == "returned"
        assert vault.kinds(stream_of(STORE)) == ["gap", "gap"]
        assert vault.kinds(f"asset/{STORE}")[-1] == "identify"

    in_vault(tmp_path, script)
    values = [
        line.split("\t")[3]
        for line in recent_of(tmp_path, STORE).read_text("utf-8").splitlines()
        if "\tlevel\t" in line
    ]
    assert (len(values), values.count("")) == (30, 10)


def test_after_a_restart_the_watch_goes_on_and_says_how_long_nobody_watched(tmp_path: Path) -> None:
    """The open readings are taken up; the pause is a gap in them and an event."""

    async def ten(vault: Vault) -> None:
        await vault.go(10 * MINUTE + 1.0)

    async def more(vault: Vault) -> None:
        await vault.go(10 * MINUTE + 1.0)
        told = [event.fields for event in vault.events(stream_of(STORE))]
        assert str(told[0]["why"]).startswith("nobody watched from 2026-01-05T07:10")
        assert told[1]["over"]

    in_vault(tmp_path, ten)
    in_vault(tmp_path, more, down=HOUR)
    assert len(recent_of(tmp_path, STORE).read_text("utf-8").splitlines()) == 21 * 6


def test_a_delay_that_ran_when_the_program_died_goes_on(tmp_path: Path) -> None:
    """One minute before, two after: together more than the two minutes of the delay."""

    async def first(vault: Vault) -> None:
        vault.hand(STORE, "automatic", on=False)
        vault.hand(STORE, "level", percent=20.0)
        await vault.go(MINUTE + 1.0)

    async def second(vault: Vault) -> None:
        await vault.go(2 * MINUTE + 5.0)
        assert vault.alarm("store-01-low").state == "unacknowledged"

    in_vault(tmp_path, first)
    in_vault(tmp_path, second)


@pytest.mark.requirement("F125")
def test_whatever_append_a_kill_follows_each_consequence_of_an_alarm_comes_once(tmp_path: Path) -> None:
    """Killed at every event from the alarm to the second call: one deviation, and nobody is called twice in a row."""
    folder = make_site(tmp_path / "site", "c")
    kept = Kept(folder, tmp_path / "kept")
    careful = Way(careful=True, each=True)

    async def first(vault: Vault) -> None:
        ours = ("alarm/", "deviation/", "call/", "policies")
        vault.site.house.ledger.subscribe(
            lambda event: kept.keep(event.kind) if event.stream.startswith(ours) else None, first=True
        )
        vault.hand(STORE, "automatic", on=False)
        vault.hand(STORE, "level", percent=5.0)
        await vault.go(20 * MINUTE)

    async def again(vault: Vault) -> None:
        await vault.go(15 * MINUTE)
        assert vault.deviations() == ["store-01-D01"]
        called = [event.read(_Said).given["person"] for event in vault.events("call/store-01-dry")]
        assert called[:3] == ["anna", "carla", "erik"][: len(called)]
        assert len(called) >= 2

    in_vault(folder, first, way=careful)
    assert len(kept.moments) >= 6
    for moment in kept.moments:
        in_vault(kept.into / moment, again, way=careful)


@pytest.mark.requirement("F124", refuses=True)
def test_an_alarm_on_a_channel_that_the_store_does_not_have_is_refused(tmp_path: Path) -> None:
    """When the site opens, with the place in the file."""
    make_site(tmp_path, "c")
    text = (tmp_path / "site.yaml").read_text(encoding="utf-8")
    (tmp_path / "site.yaml").write_text(text.replace("channel: temperature a", "channel: temperature c", 1), "utf-8")

    async def script(_vault: Vault) -> None:
        pytest.fail("the site opened")

    with pytest.raises(InputError, match=r"site.yaml:\d+:\d+: alarm store-01-warm-a .* temperature a \(degC\)"):
        in_vault(tmp_path, script)


def test_a_disk_that_refuses_readings_is_an_alarm_and_the_watch_goes_on(tmp_path: Path, mocker: MockerFixture) -> None:
    """Room again: what was pending is kept, and the alarm clears."""
    write = os.write

    def full(handle: int, data: bytes) -> int:
        if data.startswith(b"monitor/"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data)

    async def script(vault: Vault) -> None:
        patched = mocker.patch("os.write", side_effect=full)
        await vault.go(3 * MINUTE + 1.0)
        assert vault.alarm("store-01-readings").state == "unacknowledged"
        patched.side_effect = write
        await vault.go(2 * MINUTE)
        assert vault.alarm("store-01-readings").state == "returned"

    in_vault(tmp_path, script, way=Way(careful=True))
    assert len(recent_of(tmp_path, STORE).read_text("utf-8").splitlines()) == 5 * 6
