"""A freezer that speaks no protocol, watched by its contacts on site C in place of the climate probe; s."""

from pathlib import Path

import pytest

from tests.support.runs import make_site
from tests.support.storage import MINUTE, Vault, in_vault

ASSET = "climate-01"
CHANGES = (
    ("driver: modbus_map", "driver: digital_inputs"),
    ("fake: modbus_map", "fake: digital_inputs"),
    (
        "settings: {map: vaisala_hmt330, serial: SIM-HMT-01}",
        'settings: {contacts: "door=0:closed, alarm=1:closed", maker: Vaisala, model: HMT330, serial: SIM-HMT-01}',
    ),
    ('channel: temperature\n    limit: "> 25 degC"\n    deadband: 1 K', 'channel: door\n    limit: "> 0.5 1"'),
    ('channel: humidity\n    limit: "> 65 %"\n    deadband: 5 %', 'channel: alarm\n    limit: "> 0.5 1"'),
)

pytestmark = pytest.mark.requirement("C06", "F124")


def wired(folder: Path) -> Path:
    """Make the site, with contacts where the probe was."""
    make_site(folder, "c")
    file = folder / "site.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in CHANGES:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return folder


def test_a_door_left_open_is_an_alarm_and_one_that_was_opened_is_none(tmp_path: Path) -> None:
    """Its delay is 20 min; a cut wire of the alarm's contact is an alarm as well."""

    async def script(vault: Vault) -> None:
        vault.hand(ASSET, "work", contact="door", normal=False)
        await vault.go(15 * MINUTE)
        vault.hand(ASSET, "work", contact="door", normal=True)
        await vault.go(40 * MINUTE)
        assert vault.kinds("alarm/room-warm") == []
        vault.hand(ASSET, "work", contact="door", normal=False)
        vault.hand(ASSET, "cut", contact="alarm")
        await vault.go(40 * MINUTE)
        assert vault.kinds("alarm/room-warm") == vault.kinds("alarm/room-damp") == ["raise"]
        vault.hand(ASSET, "work", contact="door", normal=True)
        await vault.go(40 * MINUTE)
        assert vault.kinds("alarm/room-warm") == ["raise", "clear"]
        assert vault.kinds(f"monitor/{ASSET}") == []

    in_vault(wired(tmp_path), script)
