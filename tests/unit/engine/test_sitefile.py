"""Site files: what is read, and what is refused with line and column."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from automation.engine.sitefile import Known, load_site
from automation.engine.sitemodel import Mode, SiteFile
from automation.gmp.words import Right
from automation.kernel.clock import instant
from automation.kernel.errors import InputError
from automation.kernel.quantity import Millilitres
from instruments.transport.ports import read_port


@dataclass(frozen=True)
class Driver:
    """A driver with one setting."""

    transports: tuple[str, ...]

    def check(self, settings: Mapping[str, str]) -> None:
        """Know ``address`` alone."""
        for key in settings:
            if key != "address":
                raise InputError(f"setting {key!r} is unknown; allowed: address")


KNOWN = Known(
    drivers={"line_freezer": Driver(("serial", "memory", "pty")), "report": Driver(("folder",))},
    fakes=("line_freezer",),
    read_port=read_port,
)

SIMULATED = """\
site:
  name: A
  mode: simulated
  zone: Europe/Berlin
  seed: 7
  start: 2026-03-02T08:00:00
roles:
  operator: [perform, verify]
  quality: [review, approve, release material]
terminals:
  bench-1: {location: Room 1}
assets:
  CRF-01:
    class: controlled-rate freezer
    driver: line_freezer
    port: memory
    settings: {address: "1"}
    fake: line_freezer
    maker: Example
    serial: "0017"
    location: Room 1
    calibration: {due: 2027-01-31, certificate: C-1}
people:
  anna: {name: Anna Ott, roles: [operator], trained: [receive, freeze]}
materials:
  M-1: {what: Overwrap bag, supplier: Example, quantity: 10 pcs, expiry: 2027-06-30}
containers:
  BAG-1: {identity: CHA999926AB12CD, din: A999926000017, kind: bag20, volume: 20 mL, label: "=A99992600001700"}
world:
  faults: [{link: CRF-01, act: 3}]
"""
LIVE = """\
site: {name: B, mode: live, zone: UTC}
assets:
  CRF-01: {class: controlled-rate freezer, driver: line_freezer, port: "serial:/dev/ttyUSB0"}
"""


def read(folder: Path, text: str) -> SiteFile:
    """Write ``site.yaml`` and load the folder."""
    (folder / "site.yaml").write_text(text, encoding="utf-8")
    return load_site(folder, KNOWN)


def test_a_simulated_site_is_read(tmp_path: Path) -> None:
    """Assets, people, roles, materials and containers, with the start in the site's zone."""
    site = read(tmp_path, SIMULATED)
    assert (site.mode, site.zone, site.seed, site.simulated) == (Mode.SIMULATED, "Europe/Berlin", 7, True)
    assert site.start == instant("2026-03-02T07:00:00+00:00")
    assert site.roles["quality"] == frozenset({Right.REVIEW, Right.APPROVE, Right.RELEASE_MATERIAL})
    asset = site.assets["CRF-01"]
    assert (asset.driver, asset.fake, asset.serial, asset.settings) == (
        "line_freezer",
        "line_freezer",
        "0017",
        {"address": "1"},
    )
    assert asset.calibration is not None
    assert asset.calibration.due == "2027-01-31"
    assert site.people["anna"].trained == ("receive", "freeze")
    assert (site.materials["M-1"].quantity, site.materials["M-1"].unit) == (Decimal(10), "pcs")
    assert site.containers["BAG-1"].volume == Millilitres(20.0)
    assert site.world == {"faults": [{"link": "CRF-01", "act": 3}]}


def test_assets_are_found_by_what_a_recipe_asks_for(tmp_path: Path) -> None:
    """The class in the words of the recipe; a class that is missing is named."""
    site = read(tmp_path, SIMULATED)
    assert [asset.id for asset in site.of_class("controlled rate freezer")] == ["CRF-01"]
    with pytest.raises(InputError, match="has no cell counter"):
        site.of_class("cell counter")


def test_a_live_site_is_read(tmp_path: Path) -> None:
    """Without seed, start and fakes."""
    site = read(tmp_path, LIVE)
    assert (site.mode, site.seed, site.start, site.people) == (Mode.LIVE, None, None, {})


WRONG = {
    "absent driver": (
        "driver: line_freezer",
        "driver: lin_freezer",
        r"^site\.yaml:15:13: .*did you mean 'line_freezer'",
    ),
    "a module path": ("driver: line_freezer", "driver: os.system", r"^site\.yaml:15:13: .*not installed"),
    "unknown kind of port": ("port: memory", "port: usb:3", r"^site\.yaml:16:11: .*'usb:3'"),
    "port that the driver can't use": (
        "port: memory",
        "port: 'folder:/data'",
        r"^site\.yaml:16:11: .*serial, memory, pty",
    ),
    "unknown setting": ("{address: ", "{adress: ", r"^site\.yaml:17:15: .*allowed: address"),
    "absent fake": ("fake: line_freezer", "fake: nothing", r"^site\.yaml:18:11: .*line_freezer"),
    "unknown key": ("maker: ", "makr: ", r"^site\.yaml:19:5: .*did you mean 'maker'"),
    "duplicate key": ("  seed: 7", "  seed: 7\n  seed: 8", r"^site\.yaml:6:3: .*stands twice"),
    "unknown right": ("[perform, verify]", "[perform, verfy]", r"^site\.yaml:8:23: .*did you mean 'verify'"),
    "the system's right": ("[perform, verify]", "[system]", r"^site\.yaml:8:14: .*'system'"),
    "unknown role": ("roles: [operator]", "roles: [operater]", r"^site\.yaml:24:34: .*did you mean 'operator'"),
    "unknown zone": ("Europe/Berlin", "Europe/Berlyn", r"^site\.yaml:4:9: .*IANA"),
    "a folder for a zone": ("Europe/Berlin", "../../etc/passwd", r"^site\.yaml:4:9: .*IANA"),
    "unknown mode": ("mode: simulated", "mode: similated", r"^site\.yaml:3:9: .*did you mean 'simulated'"),
    "a start that is none": ("2026-03-02T08:00:00", "noon", r"^site\.yaml:6:10: .*'noon'"),
    "a date that is none": ("2027-01-31", "2027-02-30", r"^site\.yaml:22:24: .*2027-06-30"),
    "a quantity without unit": ("10 pcs", "10", r"^site\.yaml:26:\d+: .*a unit"),
    "a seed in words": ("seed: 7", "seed: seven", r"^site\.yaml:5:9: .*whole number"),
    "a name with a slash": ("  anna: ", "  an/na: ", r"^site\.yaml:24:3: .*no name"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_site_file_is_refused_at_its_line_and_column(tmp_path: Path, case: str) -> None:
    """One error, with the place and what is allowed."""
    old, new, message = WRONG[case]
    assert old in SIMULATED
    with pytest.raises(InputError, match=message):
        read(tmp_path, SIMULATED.replace(old, new, 1))


NOT_LIVE = {
    "a seed": ("zone: UTC", "zone: UTC, seed: 1"),
    "a simulated clock": ("zone: UTC", "zone: UTC, start: 2026-01-01"),
    "a fake": ("port: ", "fake: line_freezer, port: "),
    "a memory port": ('"serial:/dev/ttyUSB0"', "memory"),
    "a pseudo-terminal": ('"serial:/dev/ttyUSB0"', '"pty:/dev/pts/3"'),
    "a pseudo-terminal in disguise": ('"serial:/dev/ttyUSB0"', '"serial:/dev/pts/3"'),
    "scripted people": ("assets:", "people: {}\nassets:"),
    "a world": ("assets:", "world: {}\nassets:"),
}


@pytest.mark.parametrize("case", NOT_LIVE)
def test_a_live_site_refuses_all_that_is_simulated(tmp_path: Path, case: str) -> None:
    """Simulated is never real."""
    old, new = NOT_LIVE[case]
    assert old in LIVE
    with pytest.raises(InputError, match=r"^site\.yaml:\d+:\d+: .*live"):
        read(tmp_path, LIVE.replace(old, new, 1))
