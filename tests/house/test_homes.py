"""Each library and each power has its one home."""

import ast
from typing import Final

import pytest

from automation.kernel import machine
from tests.house.source import modules

HOMES: Final = {  # library: the paths that may import it
    "transitions": ("automation/kernel/machine.py",),
    "pint": ("automation/kernel/units.py",),
    "serial": ("instruments/transport/",),
    "pyvisa": ("instruments/transport/",),
    "sqlite3": ("automation/ledger/",),
    "psycopg": ("automation/ledger/postgresql/",),
    "matplotlib": ("automation/surfaces/documents/",),
    "pyarrow": ("automation/surfaces/documents/",),
    "typst": ("automation/surfaces/documents/",),
    "zxingcpp": ("automation/surfaces/documents/", "instruments/drivers/zpl_printer/wire/symbol.py"),
    "rich": ("automation/surfaces/cli/",),
    "click": ("automation/surfaces/cli/",),
    "pylabrobot": (
        "instruments/drivers/hamilton_star/",
        "instruments/drivers/opentrons_ot2/plan.py",
        "instruments/drivers/cytomat/adapter.py",
    ),
    "pyhanko": ("automation/surfaces/seals/",),
    "pyhanko_certvalidator": ("automation/surfaces/seals/",),
    "asn1crypto": ("automation/surfaces/seals/",),
    "asyncua": ("instruments/transport/", "fakes/opcua.py", "fakes/lads_server.py"),
    "grpc": (),
    "sila": ("instruments/transport/sila.py", "fakes/sila_server.py"),
    "sila2": (),
    "unittest": (),
    "pickle": (),
}
APPENDERS: Final = {"automation/gmp/door.py", "automation/engine/recorder.py"}
PEN: Final = "automation.engine.recorder"  # of runner, binding and the waits that they record
WINGS: Final = ("people", "product", "materials", "plant", "quality")


@pytest.mark.parametrize("library", HOMES)
def test_each_library_is_imported_in_its_home_alone(library: str) -> None:
    """A library that is wrapped once can be replaced once."""
    wrong = [
        f"{module.path}:{line}"
        for module in modules()
        for name, line in module.imports
        if name.split(".")[0] == library and not module.path.startswith(HOMES[library] or "nowhere")
    ]
    assert wrong == []


@pytest.mark.requirement("C02")
def test_machines_have_no_automatic_jumps() -> None:
    """``to_x`` triggers would be back doors past every right and signature; no behaviour shows them."""
    source = next(module for module in modules() if module.path == "automation/kernel/machine.py")
    made = [call for name, call in source.calls if name.split(".")[-1] == "Machine"]
    pinned = [ast.unparse(word.value) for call in made for word in call.keywords if word.arg == "auto_transitions"]
    assert pinned == ["False"] * len(made)
    assert made


def test_a_table_offers_its_own_commands_and_no_others() -> None:
    """The machine below a table knows exactly the triggers of the rows."""
    table = machine.Table("open", (machine.Row("close", "open", "closed"),))
    below = table._machine  # noqa: SLF001  the machine has no other door
    assert [command for command in ("close", "to_closed", "to_open") if below.may("open", command)] == ["close"]


def test_only_the_door_and_the_pen_of_the_engine_append_to_the_ledger() -> None:
    """Everything else that wants to be recorded goes in by the door."""
    appenders = {
        module.path
        for module in modules("automation", "instruments", "protocols")
        for name, _ in module.calls
        if name.split(".")[-1] == "append" and name.split(".")[-2].endswith("ledger")
    }
    holders = {module.path for module in modules() for name, _ in module.imports if name == PEN}
    assert appenders == APPENDERS
    assert {path.rpartition("/")[0] for path in holders} <= {"automation/engine", "automation"}


@pytest.mark.parametrize("wing", WINGS)
def test_every_gmp_object_is_given_by_a_table(wing: str) -> None:
    """An object without a table would have moves that nobody authorised."""
    rooms = [
        m for m in modules() if m.path.startswith(f"automation/gmp/{wing}/") and not m.path.endswith("__init__.py")
    ]
    assert [room.path for room in rooms if "Table(" not in room.text] == []
