"""The climate of the cryo room of simulated site C, watched beside its stores; degC, %, s of simulated time."""

import json
from pathlib import Path

import pytest

from automation.kernel.errors import InputError
from automation.ledger.event import Event
from tests.support.commands import cellwright
from tests.support.runs import make_site
from tests.support.storage import HOUR, MINUTE, Vault, in_vault

PROBE = "climate-01"

pytestmark = pytest.mark.requirement("C06", "F030", "F124")


def gaps(vault: Vault) -> list[Event]:
    """Give the gaps in the watch over the room."""
    return [event for event in vault.events(f"monitor/{PROBE}") if event.kind == "gap"]


def test_a_room_that_gets_warm_is_an_alarm_and_its_end_is_seen(tmp_path: Path) -> None:
    """30 degC for an hour, then as before; a look is no event."""

    async def script(vault: Vault) -> None:
        vault.hand(PROBE, "set", channel="temperature", value=30.0, lag=600.0)
        await vault.go(HOUR)
        alarm = vault.alarm("room-warm")
        assert alarm.state == "unacknowledged"
        assert alarm.raising is not None
        assert alarm.raising.limit == "> 25 degC"
        vault.hand(PROBE, "set", channel="temperature", value=21.0)
        await vault.go(HOUR)
        assert vault.kinds("alarm/room-warm") == ["raise", "clear"]
        assert vault.kinds(f"monitor/{PROBE}") == []

    in_vault(tmp_path, script)


def test_a_probe_that_says_it_is_faulty_raises_no_alarm_and_ends_none(tmp_path: Path) -> None:
    """Its registers still hold numbers; they count for nothing."""

    async def script(vault: Vault) -> None:
        vault.hand(PROBE, "fault", name="fault status", on=True)
        vault.hand(PROBE, "set", channel="humidity", value=90.0)
        await vault.go(2 * HOUR)
        assert vault.kinds("alarm/room-damp") == []
        vault.hand(PROBE, "fault", name="fault status", on=False)
        await vault.go(HOUR)
        assert vault.kinds("alarm/room-damp") == ["raise"]

    in_vault(tmp_path, script)


def test_a_probe_that_is_silent_is_an_alarm_of_its_own(tmp_path: Path) -> None:
    """A gap in the record; when it answers again it is asked who it is."""

    async def script(vault: Vault) -> None:
        vault.hand(PROBE, "power", on=False)
        await vault.go(30 * MINUTE)
        [gap] = gaps(vault)
        assert vault.kinds(f"alarm/{PROBE}-watch") == ["raise"]
        vault.hand(PROBE, "power", on=True)
        await vault.go(30 * MINUTE)
        assert [event.kind for event in gaps(vault)] == [gap.kind] * 2
        assert vault.kinds(f"asset/{PROBE}")[-1] == "identify"

    in_vault(tmp_path, script)


def test_what_was_last_read_can_be_shown(tmp_path: Path) -> None:
    """After an hour: three channels in their units; another name is answered with those that there are."""
    assert cellwright("init", tmp_path, "--simulated", "--site", "c").status == 0
    watched = cellwright("alarms", "watch", "--for", "1 h", "--site", tmp_path).out
    assert "2 stores and 1 device were watched" in watched
    shown = json.loads(cellwright("show", "watch", PROBE, "--site", tmp_path, "--json").out)["watch"]
    assert shown["units"] == {"humidity": "%", "temperature": "degC", "dew point": "degC"}
    assert (shown["readings"]["temperature"], shown["stale"]) == (pytest.approx(21.0, abs=0.2), False)
    assert "temperature 2" in cellwright("show", "watch", PROBE, "--site", tmp_path).out
    unknown = cellwright("show", "watch", "climate-1", "--site", tmp_path)
    assert (unknown.status, f"did you mean '{PROBE}'" in unknown.err) == (2, True)


def test_an_alarm_in_another_unit_than_its_channel_is_refused_at_the_start(tmp_path: Path) -> None:
    """The probe tells humidity in %."""
    make_site(tmp_path, "c")
    file = tmp_path / "site.yaml"
    text = file.read_text(encoding="utf-8").replace('limit: "> 65 %"\n    deadband: 5 %', 'limit: "> 65 Pa"', 1)
    file.write_text(text, encoding="utf-8")

    async def script(_vault: Vault) -> None:
        """Never begin."""

    with pytest.raises(InputError, match=r"alarm room-damp is on 'humidity' in Pa; climate-01 has: humidity \(%\)"):
        in_vault(tmp_path, script)
