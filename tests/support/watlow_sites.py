"""The first packaged site with a Watlow F4T as its freezer."""

from pathlib import Path

from tests.support.runs import make_site
from tests.support.scenes import change_site


def site_with_watlow(folder: Path) -> Path:
    """Make the site; rates of its controller are counted in K/h."""
    return change_site(
        make_site(folder),
        ("eurotherm_modbus", "watlow_f4t"),
        ("eurotherm_freezer", "watlow_f4t"),
        ("settings: {power_fail: continue}", "settings: {power_fail: continue, rate_per: h}"),
        ("maker: Eurotherm", "maker: Watlow"),
        ('model: "2408"', "model: F4T SIMULATED"),
        ("serial: SIM-2408-01", 'serial: "4711"'),
    )
