"""A quick start: asking for help loads nothing heavy."""

import subprocess
import sys

import pytest

HEAVY = (
    "pydantic",
    "pint",
    "numpy",
    "matplotlib",
    "typst",
    "pylabrobot",
    "asyncua",
    "scipy",
    "pandas",
    "transitions",
    "ruamel",
    "cryptography",
    "msgspec",
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
