"""The alarms, policies, roster and stores of a site file: what is read, and what is refused with line and column."""

from pathlib import Path

import pytest

from automation.engine.alarmmodel import Action, OnCall, Vigilance
from automation.engine.sitefile import Known, load_site
from automation.formulas.alarming import Side
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Seconds
from instruments.transport.ports import read_port

KNOWN = Known(drivers={}, fakes=(), read_port=read_port)
SITE = """\
site: {name: C, mode: simulated, zone: UTC}
roles: {operator: [perform]}
people: {anna: {name: Anna Berg, roles: [operator]}}
assets: {tank-1: {class: cryogenic store}}
alarms:
  tank-1-low:
    asset: tank-1
    channel: level
    limit: "< 20 %"
    deadband: 1 %
    on_delay: 2 min
    priority: high
    consequence: the product warms
    response: fill by hand
    respond_within: 30 min
    owner: engineering
    version: "1"
    product: true
policies:
  danger: {product: true, do: [deviation, call]}
roster:
  - {call: anna, wait: 10 min}
stores:
  tank-1:
    every: 1 min
    racks: 2
    boxes: 3
    places: 10
    highest: -150 degC
    steady: -180 degC
    room: 22 degC
    empties_in: 240 h
    warms_in: 10 h
    source: hold test of 2026-03-02
"""

pytestmark = pytest.mark.requirement("F124", "F126")


def vigilance(folder: Path, old: str = "", new: str = "") -> Vigilance:
    """Read the site with one text in it changed."""
    assert old in SITE
    (folder / "site.yaml").write_text(SITE.replace(old, new, 1) if old else SITE, encoding="utf-8")
    return load_site(folder, KNOWN).vigilance


def test_an_alarm_is_read_with_its_limit_and_what_follows(tmp_path: Path) -> None:
    """Times in s, the limit in its unit."""
    found = vigilance(tmp_path).alarms["tank-1-low"]
    assert (found.bound.side, found.bound.limit, found.bound.deadband) == (Side.BELOW, 20.0, 1.0)
    assert (found.limit, found.bound.on_delay, found.respond_within) == ("< 20 %", Seconds(120.0), Seconds(1800.0))
    assert found.product


def test_policies_roster_and_stores_are_read(tmp_path: Path) -> None:
    """A store names its 60 places."""
    found = vigilance(tmp_path)
    assert found.policies["danger"].actions == (Action.DEVIATION, Action.CALL)
    assert found.roster == (OnCall("anna", Seconds(600.0)),)
    assert found.stores["tank-1"].holding.highest == Celsius(-150.0)
    assert (len(found.stores["tank-1"].positions()), found.stores["tank-1"].positions()[-1]) == (60, "tank-1/R2/B3/10")


@pytest.mark.parametrize("unit", ["[pH]", "mS/cm"])
def test_a_limit_may_be_in_a_unit_of_a_culture_vessel(tmp_path: Path, unit: str) -> None:
    """As the maps of its sensors have it."""
    found = vigilance(tmp_path, '"< 20 %"\n    deadband: 1 %', f'"< 6.8 {unit}"\n    deadband: "0.1 {unit}"')
    assert found.alarms["tank-1-low"].limit == f"< 6.8 {unit}"


def test_a_limit_may_be_in_the_very_unit_of_a_channel(tmp_path: Path) -> None:
    """A pressure between rooms; nothing is converted, and the watch compares the units."""
    found = vigilance(tmp_path, 'limit: "< 20 %"\n    deadband: 1 %', 'limit: "< 10 Pa"\n    deadband: 1 Pa')
    alarm = found.alarms["tank-1-low"]
    assert (alarm.limit, alarm.unit, alarm.bound.deadband) == ("< 10 Pa", "Pa", 1.0)


WRONG = {
    "an unknown asset": ("asset: tank-1\n", "asset: tank-2\n", "did you mean 'tank-1'"),
    "a limit without operator": ('"< 20 %"', '"20 %"', "an operator"),
    "a limit without unit": ('"< 20 %"', '"< 20"', "as in '< 20 %'"),
    "an unknown unit": ('"< 20 %"', '"< 20 inch"', "known: %, degC, 1"),
    "a deadband in another unit": ("deadband: 1 %", "deadband: 1 K", "a width of at least 0 in %"),
    "a deadband below zero": ("deadband: 1 %", "deadband: -1 %", "a width of at least 0"),
    "a priority that is none": ("priority: high", "priority: urgent", "known: high, low, medium"),
    "no consequence": ("    consequence: the product warms\n", "", "lacks consequence"),
    "a delay without unit": ("on_delay: 2 min", "on_delay: 2", "without a unit"),
    "shelving beyond a shift": ('version: "1"', 'version: "1"\n    shelve_at_most: 9 h', "at most one shift"),
    "shelving of what is never shelved": (
        'version: "1"',
        'version: "1"\n    shelve_at_most: 1 h\n    highly_managed: true',
        "never shelved",
    ),
    "a state that is none": ('version: "1"', 'version: "1"\n    suppressed_in: [freeze]', "OPERATION.STATE"),
    "an unknown action": ("do: [deviation, call]", "do: [pray]", "known: call, deviation, hold"),
    "no action": ("do: [deviation, call]", "do: []", "is empty"),
    "an unknown person": ("call: anna", "call: anne", "did you mean 'anna'"),
    "calls without a roster": ("roster:\n  - {call: anna, wait: 10 min}\n", "", "the file has no roster"),
    "a store that is no asset": ("stores:\n  tank-1:", "stores:\n  tank-9:", "is no asset"),
    "temperatures in no order": ("steady: -180 degC", "steady: -140 degC", "each above the one before"),
    "a hundred racks": ("racks: 2", "racks: 100", "1 to 99"),
    "looking too often": ("every: 1 min", "every: 0.5 s", "at least 1 s"),
    "a watch on no asset": ("roster:", "watches: {room-1: {every: 1 min}}\nroster:", "is no asset"),
    "a watch on a store": ("roster:", "watches: {tank-1: {every: 1 min}}\nroster:", "is watched as a store already"),
    "a watch too often": ("roster:", "watches: {room-1: {every: 0.1 s}}\nroster:", "at least 1 s"),
    "a watch with racks": ("roster:", "watches: {tank-1: {every: 1 min, racks: 2}}\nroster:", "unknown key 'racks'"),
}


@pytest.mark.requirement("F124", "F126", refuses=True)
@pytest.mark.parametrize("case", WRONG)
def test_what_can_not_be_is_refused_with_its_place(case: str, tmp_path: Path) -> None:
    """One error; it names the field, the value and what is allowed."""
    old, new, says = WRONG[case]
    with pytest.raises(InputError, match=says) as refusal:
        vigilance(tmp_path, old, new)
    assert refusal.value.where.startswith("site.yaml:")
