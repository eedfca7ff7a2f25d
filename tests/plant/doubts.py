"""Doubt, for every effect of every interface and every driver that offers it: what comes out of five situations.

Run: ``python -m tests.plant.doubts [--driver NAME] [--markdown]``  prints effect, driver, situation, outcome.
     ``python -m tests.plant.doubts --every``  loses command and reply of every frame of every act.
The interfaces are read, so that an effect, a driver or an interface that nobody lists is named and fails the test.
Exit status 1 when an act was done twice, was recorded as what it was not, or came out otherwise than its kind allows.
"""

import argparse
import importlib
import pkgutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

import instruments.interfaces
from automation.kernel.effect import Effect, Kind, effects
from automation.kernel.errors import CellwrightError
from tests.support.doors import doorway
from tests.support.doubt_cases import Came, Place, Situation, case, factory, frames
from tests.support.doubt_rigs import RIGS, STANDS
from tests.support.doubt_scene import Rig

NEVER = "-"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; ``wrong`` says what must not be."""

    interface: str
    effect: str
    kind: str
    driver: str
    situation: str
    outcome: str
    why: str = ""
    wrong: str = ""


def interfaces() -> Mapping[str, type]:
    """Read every interface that declares effects, by its name; what any instrument gives and who listens left out."""
    found: dict[str, type] = {}
    for module in pkgutil.iter_modules(instruments.interfaces.__path__):
        name = f"instruments.interfaces.{module.name}"
        for thing in vars(importlib.import_module(name)).values():
            if isinstance(thing, type) and thing.__module__ == name and _declares(thing) and module.name != "device":
                found[thing.__name__] = thing
    return found


def _declares(thing: type) -> bool:
    try:
        return bool(getattr(thing, "_is_protocol", False) and effects(thing))
    except CellwrightError:
        return False


def drivers() -> Mapping[str, type]:
    """Give the interface of every installed driver of ours by its name."""
    points = entry_points(group="cellwright.drivers")
    return {one.name: factory(one.name).interface for one in points if one.value.startswith("instruments.")}


def by_person() -> tuple[str, ...]:
    """Give the drivers that speak over no line: a person stands behind them."""
    return tuple(sorted(name for name in drivers() if not factory(name).transports))


def unlisted() -> list[str]:
    """Name what the interfaces and drivers have and the rigs do not, and the other way round."""
    named = {rig.driver for rig in RIGS} | set(by_person())
    missing = [f"driver {name} is in no rig" for name in sorted(set(drivers()) - named)]
    missing += [f"driver {name} is not installed" for name in sorted(named - set(drivers()))]
    for rig in RIGS:
        declared, listed = set(effects(factory(rig.driver).interface)), set(rig.scenes)
        missing += [f"{rig.name}.{name} has no scene" for name in sorted(declared - listed)]
        missing += [f"{rig.name}.{name} is no effect" for name in sorted(listed - declared)]
    return missing


def acts(rig: Rig) -> bool:
    """Tell whether a driver changes anything."""
    return any(one.kind is not Kind.QUERY for one in effects(factory(rig.driver).interface).values())


def table(*names: str, every: bool = False) -> Iterator[Line]:
    """Give every line; of all drivers, or of these. ``every``: each frame of each act instead of the table."""
    with tempfile.TemporaryDirectory() as folder:
        for rig in RIGS:
            if not names or rig.driver in names:
                yield from (every_frame if every else rig_lines)(rig, Path(folder) / rig.name.replace(" ", "-"))
    if every:
        return
    for interface_name, interface in interfaces().items():
        if interface not in drivers().values() and not names:
            for name, declared in effects(interface).items():
                yield Line(
                    interface_name, name, str(declared.kind), "none yet", "every one", NEVER, "no driver offers it"
                )
    for driver in by_person():
        if not names or driver in names:
            interface = factory(driver).interface
            for name, declared in effects(interface).items():
                yield Line(interface.__name__, name, str(declared.kind), driver, "every one", NEVER, STANDS)


def rig_lines(rig: Rig, folder: Path, *, acting: bool = False) -> Iterator[Line]:
    """Try every effect of one driver in every situation; or only those that change something."""
    interface = factory(rig.driver).interface
    folder.mkdir(parents=True)
    with doorway(folder) as way:
        place = Place(way, folder)
        for name, declared in effects(interface).items():
            if acting and declared.kind is Kind.QUERY:
                continue
            for situation, outcome, why, wrong in _tried(rig, name, declared, place):
                yield Line(interface.__name__, name, str(declared.kind), rig.name, situation, outcome, why, wrong)


def _tried(rig: Rig, name: str, declared: Effect, place: Place) -> Iterator[tuple[str, str, str, str]]:
    if set(rig.cannot) == set(Situation):
        yield "every one", NEVER, rig.cannot[Situation.REPLY_LOST], ""
        return
    found = frames(rig, name, place)
    if isinstance(found, str):
        yield "every one", NEVER, found, ""
        return
    for situation in Situation:
        if situation in rig.cannot:
            yield situation, NEVER, rig.cannot[situation], ""
            continue
        came = case(rig, name, situation, place=place, at=found[1])
        known = rig.scenes[name].known.get(situation, "")
        bad = wrong(declared.kind, situation, came)
        yield situation, came.outcome, known or came.why, "" if known else bad


def every_frame(rig: Rig, folder: Path) -> Iterator[Line]:
    """Lose command and reply of every frame of every act of one driver, not only of the one that acts."""
    folder.mkdir(parents=True)
    with doorway(folder) as way:
        place = Place(way, folder)
        for name, declared in effects(factory(rig.driver).interface).items():
            found = frames(rig, name, place) if declared.kind in {Kind.ACT, Kind.DESTRUCTIVE_READ} else ""
            for at in range(1, found[0] + 1) if not isinstance(found, str) else ():
                for situation in (Situation.REPLY_LOST, Situation.COMMAND_LOST):
                    came = case(rig, name, situation, place=place, at=at)
                    bad = "" if situation in rig.scenes[name].known else untrue(came)
                    yield Line("", name, "act", rig.name, f"{situation}, frame {at}", came.outcome, came.why, bad)


def wrong(kind: Kind, situation: Situation, came: Came) -> str:
    """Say what must not have come out; empty when all is well."""
    first = came.outcome.partition(",")[0]
    if first not in MAY[kind][situation]:
        return f"{came.outcome!r} is not one of {', '.join(MAY[kind][situation])}"
    return untrue(came) if kind in {Kind.ACT, Kind.DESTRUCTIVE_READ} else ""


def untrue(came: Came) -> str:
    """Say where the record of an act and the device's own count tell two stories; empty when they agree."""
    if came.acts > 1:
        return f"the device did it {came.acts} times"
    if came.done and came.acts != 1:
        return "it is recorded as done and the device did not do it"
    if came.outcome.endswith("refused") and "held" not in came.outcome and came.acts:
        return "it is recorded as refused and the device did it"
    return ""


_ASKED = ("asked: done", "asked: not done", "held")
_ANY = (*_ASKED, "answered", "failed", "refused")
MAY: Mapping[Kind, Mapping[Situation, tuple[str, ...]]] = {
    Kind.QUERY: {
        **dict.fromkeys(Situation, ("asked again",)),
        Situation.SOMETHING_ELSE: ("asked again", "failed"),
        Situation.REBOOTED: ("asked again", "failed"),
        Situation.CANT_SAY: ("failed",),
    },
    Kind.SET_ABSOLUTE: {
        Situation.REPLY_LOST: ("set again", "answered"),
        Situation.COMMAND_LOST: ("set again", "answered"),
        Situation.REBOOTED: ("set again", "answered", "refused", "failed", "held"),
        Situation.SOMETHING_ELSE: ("set again", "answered", "refused", "failed", "held"),
        Situation.CANT_SAY: ("set again", "held"),
    },
    Kind.ACT: {
        Situation.REPLY_LOST: (*_ASKED, "answered"),
        Situation.COMMAND_LOST: (*_ASKED, "refused"),
        Situation.REBOOTED: _ANY,
        Situation.SOMETHING_ELSE: _ANY,
        Situation.CANT_SAY: ("held",),
    },
    Kind.DESTRUCTIVE_READ: {
        **dict.fromkeys(Situation, ("held",)),
        Situation.COMMAND_LOST: ("asked: not done", "held"),
    },
}
"""What may come first of all, by kind and situation; who is asked afterwards is counted in the device."""


def written(lines: list[Line]) -> str:
    """Write the table in columns, one case a line."""
    heads = ("interface", "effect", "kind", "driver", "situation", "outcome")
    rows = [tuple(cast("str", getattr(line, name)) for name in heads) for line in lines]
    widths = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (heads, *rows)
    )


def markdown(lines: list[Line]) -> list[str]:
    """Write one line of Markdown for each effect of a driver that changes something, with a column a situation."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in lines:
        if line.kind != Kind.QUERY and line.outcome != NEVER:
            found.setdefault((line.driver, line.effect), {})[line.situation] = short(line.outcome)
    heads = [["driver", "effect", *Situation], ["---"] * (2 + len(Situation))]
    rows = [[f"`{driver}`", f"`{effect}`", *said.values()] for (driver, effect), said in found.items()]
    return ["| " + " | ".join(row) + " |" for row in (*heads, *rows)]


def short(outcome: str) -> str:
    """Say an outcome in the words of the page: how it was settled, without what came afterwards."""
    words = outcome.split(", ")
    if "held" in words:
        return "held"
    if "refused" in words or "failed" in words:
        return next(word for word in words if word in {"refused", "failed"})
    return words[0] if words[0] != "asked: not done" else "asked: not done, sent again"


def main() -> None:
    """Print the table and what is wrong in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", action="append", default=[])
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--every", action="store_true", help="lose each frame of each act, both ways")
    asked = parser.parse_args()
    started, lines = time.monotonic(), list(table(*asked.driver, every=asked.every))
    bad = [f"{one.driver}.{one.effect}, {one.situation}: {one.wrong} ({one.why})" for one in lines if one.wrong]
    sys.stdout.write(("\n".join(markdown(lines)) if asked.markdown else written(lines)) + "\n")
    missing = [] if asked.driver else unlisted()
    told = f"{len(lines)} cases, {len(bad)} wrong, {len(missing)} not listed; {time.monotonic() - started:.0f} s"
    sys.stderr.write("\n".join([*bad, *missing, told]) + "\n")
    sys.exit(bool(bad or missing))


if __name__ == "__main__":
    main()
