"""What every driver and every fake that a site can name must give, whoever wrote it; each check raises FailedError.

An entry point is what ``pyproject.toml`` declares: ``entry_points(group="cellwright.drivers", name="my_model")``.
"""

from collections.abc import Mapping
from importlib import resources
from importlib.metadata import EntryPoint
from typing import Protocol, TypedDict, runtime_checkable

import msgspec
from ruamel.yaml import YAML

from automation.kernel.effect import effects
from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Instant
from fakes.plant import Fake
from fakes.world import World
from instruments.interfaces.device import Support
from instruments.transport.ports import SCHEMES

NOON = Instant(1_780_000_000.0)
RUBBISH = (b"", b"\x00", b"\xff" * 300, b"\r\n", b"\n\n", bytes(range(256)), b"READ \n", b";;\n", b"?\n")
ASKED = b"*IDN?\nLIST\n\x040011PV\x05"
STATES = {"done": "by", "todo": "reason", "exempt": "reason"}
"""The states of a point of qualification, each with what it has to name."""


@runtime_checkable
class Factory(Protocol):
    """What is asked of a driver's factory here; see ``instruments.drivers.factory``."""

    interface: type
    support: Support
    transports: tuple[str, ...]

    def check(self, settings: Mapping[str, str]) -> None:
        """Raise InputError for a setting that the driver does not know."""
        ...


class Point(TypedDict, total=False):
    """One line of a qualification file."""

    point: str
    state: str
    by: str
    reason: str


class Qualification(TypedDict):
    """A qualification file."""

    model: str
    level: str
    source: str
    points: list[Point]


def factory(entry: EntryPoint) -> Factory:
    """Load a driver's factory; raises FailedError when it is something else."""
    loaded = entry.load()
    if not isinstance(loaded, Factory):
        raise FailedError(f"{entry.value} is {loaded!r}; an instance of instruments.drivers.factory.Factory is needed")
    return loaded


def check_declared(entry: EntryPoint) -> None:
    """Every method of the interface declares its effect, the source is named, and the transports exist."""
    made = factory(entry)
    if not effects(made.interface):
        raise FailedError(f"{made.interface.__name__} has no method with an effect, so nothing of it can be bound")
    if not made.support.source:
        raise FailedError(f"{entry.name} names no source; say which document its bytes come from")
    unknown = sorted(set(made.transports) - set(SCHEMES))
    if unknown:
        raise FailedError(f"{entry.name} names transports {', '.join(unknown)}; there are {', '.join(SCHEMES)}")


def check_settings(entry: EntryPoint) -> None:
    """A setting that the driver does not know is refused: a misspelt one is not a default."""
    wrong = {"no_such_setting": "1"}
    try:
        factory(entry).check(wrong)
    except InputError as refusal:
        if "no_such_setting" in str(refusal):
            return
    raise FailedError(f"{entry.name} takes the setting {wrong}, which it does not know")


def check_qualification(entry: EntryPoint) -> None:
    """Beside the driver stands what is shown of it: done with the test, todo and exempt with the reason; its level."""
    package = entry.module.rpartition(".")[0]
    text = (resources.files(package) / "qualification.yaml").read_text(encoding="utf-8")
    stated = msgspec.convert(YAML(typ="safe", pure=True).load(text), Qualification)
    level = str(factory(entry).support.level)
    if stated["level"] != level:
        raise FailedError(f"{package}/qualification.yaml says {stated['level']}, the driver {level}")
    for point in stated["points"]:
        needs = STATES.get(point["state"], "")
        if not needs or not point.get(needs):
            raise FailedError(f"{package}/qualification.yaml: {point} needs a state of {STATES} with its word")


def check_rubbish(entry: EntryPoint, settings: Mapping[str, str] | None = None) -> None:
    """A fake survives any bytes, as a device does whose cable was plugged in wrongly, and knows its own hands."""
    fake: Fake = entry.load()(World(1), entry.name, dict(settings or {}))
    for at, rubbish in enumerate(RUBBISH):
        now = Instant(float(NOON) + at)
        for said in (fake.feed(rubbish, now), fake.unasked(now)):
            if not isinstance(said, bytes):
                raise FailedError(f"{entry.name} answers {rubbish!r} with {said!r}; bytes are needed")
    try:
        fake.hand("no such action", {}, NOON)
    except FailedError:
        return
    raise FailedError(f"{entry.name} does not raise FailedError for a hand that it does not know")


def check_pieces(entry: EntryPoint, asked: bytes = ASKED) -> None:
    """A fake says the same when its bytes come one by one: a frame is what the grammar says."""
    whole, pieces = (entry.load()(World(1), entry.name, {}) for _ in range(2))
    together = whole.feed(asked, NOON)
    singly = b"".join(pieces.feed(bytes([byte]), NOON) for byte in asked)
    if together != singly:
        raise FailedError(f"{entry.name} answers {together!r}, and {singly!r} when the same bytes come one by one")


def check_driver(entry: EntryPoint) -> None:
    """Hold a driver to all of it."""
    for check in (check_declared, check_settings, check_qualification):
        check(entry)


def check_fake(entry: EntryPoint, *, asked: bytes) -> None:
    """Hold a fake to all of it; ``asked`` are commands of its grammar, one after the other."""
    check_rubbish(entry)
    check_pieces(entry, asked)
    check_pieces(entry)
