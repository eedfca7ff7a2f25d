"""A quick start: asking for help loads nothing heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

from automation.ledger.event import Genesis, Mode
from automation.ledger.store import Ledger

HEAVY = (
    "pydantic",
    "pint",
    "numpy",
    "matplotlib",
    "typst",
    "pylabrobot",
    "asyncua",
    "grpc",
    "sila",
    "scipy",
    "pandas",
    "pyarrow",
    "transitions",
    "ruamel",
    "cryptography",
    "msgspec",
    "psycopg",
    "rich",
)
PROGRAM = """
import sys
from automation.__main__ import main
sys.argv = ["cellwright", *sys.argv[1:]]
try:
    main()
finally:
    print(*sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.parametrize("words", [("--help",), ("--version",)], ids=" ".join)
def test_help_loads_no_heavy_library(words: tuple[str, ...]) -> None:
    """Modules are counted, not milliseconds, so that a busy machine changes nothing."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True)
    assert done.stdout.strip()
    assert set(done.stderr.split()) & set(HEAVY) == set()


def test_a_site_of_every_kind_of_instrument_is_made_without_arrays(tmp_path: Path) -> None:
    """Drivers, fakes and objects load what calculates with arrays when there is a file or a plate to calculate."""
    words = (sys.executable, "-c", PROGRAM, "init", str(tmp_path / "a"), "--simulated", "--site", "a")
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "SIMULATED" in done.stdout
    assert set(done.stderr.split()) & {"numpy", "pandas", "scipy", "matplotlib"} == set()


def test_a_check_of_a_ledger_loads_what_a_check_needs(tmp_path: Path) -> None:
    """Hashes and signatures, and none of the house: an inspector's first command answers at once."""
    genesis = Genesis(ledger="ab" * 16, mode=Mode.SIMULATED, site="a", zone="UTC", created=1, release="0")
    Ledger.create(tmp_path, genesis=genesis, key=bytes(32)).close()
    words = (sys.executable, "-c", PROGRAM, "verify", str(tmp_path))
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "intact" in done.stdout
    assert set(done.stderr.split()) & set(HEAVY) == {"cryptography", "msgspec"}
