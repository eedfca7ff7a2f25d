"""The incubator of site A, watched day and night beside what steps do with it; degC, %, s of simulated time."""

from pathlib import Path

import pytest

from tests.support.runs import BATCH, Run, make_site, run_batch
from tests.support.storage import HOUR, MINUTE, Vault, in_vault

pytestmark = pytest.mark.requirement("C06", "F030", "F045")

ASSET = "incubator-01"
WATCHED = """
watches:
  incubator-01: {every: 10 min}
alarms:
  incubator-warm:
    asset: incubator-01
    channel: temperature
    limit: "> 38 degC"
    deadband: 0.3 K
    on_delay: 20 min
    priority: high
    consequence: the cultures in it die
    response: move the cultures to another incubator
    respond_within: 30 min
    owner: engineering
    version: "1"
    product: true
  incubator-gas:
    asset: incubator-01
    channel: co2
    limit: "< 4 %"
    deadband: 0.2 %
    on_delay: 20 min
    priority: medium
    consequence: the cultures in it become alkaline
    response: change the bottle
    respond_within: 2 h
    owner: engineering
    version: "1"
"""


def watched(folder: Path) -> Path:
    """Make site A with a watch over its incubator."""
    made = make_site(folder, "a")
    file = made / "site.yaml"
    file.write_text(file.read_text(encoding="utf-8") + WATCHED, encoding="utf-8")
    return made


def said(run: Run) -> list[tuple[str, str]]:
    """Give every move and the bytes of every reply of the step with the incubator, in order."""
    ours = [e for e in run.events if e.stream == f"batch/{BATCH}/step/pre-rep" and e.kind in {"reply", "seen", "move"}]
    return [(e.kind, str(e.fields.get("wire", ""))) for e in ours]


def test_it_is_watched_while_nothing_is_done_with_it(tmp_path: Path) -> None:
    """Too warm and without gas is an alarm each, and each ends by itself; a look is no event."""

    async def script(vault: Vault) -> None:
        vault.hand(ASSET, "set", temperature=39.0)
        vault.hand(ASSET, "gas", on=False)
        await vault.go(2 * HOUR)
        assert [vault.alarm(name).state for name in ("incubator-warm", "incubator-gas")] == ["unacknowledged"] * 2
        vault.hand(ASSET, "set", temperature=37.0)
        vault.hand(ASSET, "gas", on=True)
        await vault.go(2 * HOUR)
        assert [vault.kinds(f"alarm/{name}") for name in ("incubator-warm", "incubator-gas")] == [
            ["raise", "clear"]
        ] * 2
        assert vault.kinds(f"monitor/{ASSET}") == []

    in_vault(watched(tmp_path), script)


def test_one_that_does_not_answer_is_an_alarm_of_its_own(tmp_path: Path) -> None:
    """A gap in its record until it answers again."""

    async def script(vault: Vault) -> None:
        vault.hand(ASSET, "power", on=False)
        await vault.go(30 * MINUTE)
        assert vault.kinds(f"alarm/{ASSET}-watch") == ["raise"]
        vault.hand(ASSET, "power", on=True)
        await vault.go(30 * MINUTE)
        assert vault.kinds(f"monitor/{ASSET}") == ["gap", "gap"]

    in_vault(watched(tmp_path), script)


def test_the_watch_takes_nothing_off_the_record_of_a_step_that_uses_it(tmp_path: Path) -> None:
    """With a watch and without one a step makes the same moves, with the same bytes in its record."""
    runs = [
        run_batch(make(tmp_path / name), recipe="explant")
        for name, make in (("alone", make_site), ("watched", watched))
    ]
    alone, beside = (said(run) for run in runs)
    assert [run.state for run in runs] == ["closed", "closed"]
    assert any(wire for _, wire in alone)
    assert beside == alone
