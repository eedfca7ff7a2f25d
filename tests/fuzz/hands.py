"""Targets: what hands do to fakes, as lines of text from whoever serves one, and the plant's log of all of it."""

import contextlib
import hashlib
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from automation.kernel.clock import SystemClock
from automation.kernel.quantity import Instant
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.world import World
from tests.fuzz.commands import FAKES, FOLDER_COMMANDS, START, chatter
from tests.fuzz.target import Attempt, Target

_NAMED = {"container": "BAG-1", "position": "A1", "to": "bench", "label": "L-1", "name": "S-1.csv", "kit": "K-1"}
_NUMBERS = {"channel": 1, "mass": 10.5, "left": 5, "percent": 40, "litres": 2.5, "after": 1.0, "dilution": 2, "keep": 9}
_WORDS = (
    *("place", "take", "tips", "clot", "block", "lose tip", "remove tips", "put", "take off", "load", "unload", "pan"),
    *(
        "draught",
        "unit",
        "fault",
        "press",
        "head",
        "paper",
        "ribbon",
        "pause",
        "jam",
        "clear",
        "lid",
        "supply",
        "valve",
    ),
    *("level", "automatic", "reset", "probe", "pull", "plug", "scan", "count", "drop", "cut", "lock", "copy", "remove"),
    *("panel", "key", "start", "select", "door", "kit", "clamp", "enter", "acknowledge", "transfer", "spin", "add"),
)
HANDS: tuple[dict[str, object], ...] = (
    *({"action": word, **_NAMED, **_NUMBERS} for word in _WORDS),
    {"action": "power", "on": False},
    {"action": "power", "on": True},
    {"action": "lid", "open": True},
    {"action": "scan", "text": "=A99992112345600", "pieces": 2, "times": 2, "layout": "German", "cut": 5},
    {"action": "count", "sample": "S-1", "total": 1e6, "viability": 90.0, "dilution": 2, "after": 1.0},
    {"action": "drop", "name": "S-1.csv", "text": "a,b\n1,2\n"},
    {"action": "panel", "register": 2, "value": -40.0},
    {"action": "key", "key": "start"},
    {"action": "unit", "unit": "kg"},
    {"action": "fault", "code": "10b"},
    {"action": "press", "command": "SIR"},
    {"action": "probe", "which": "a", "broken": True},
    {"action": "enter", "values": {"speed": 1}},
    {"action": "paper", "left": 3},
    {"action": "spin", "force": 300, "minutes": 5},
    {"action": "set", "channel": "humidity", "value": 50.0, "lag": 60.0},
    {"action": "follow", "place": "fridge"},
    {"action": "break", "channel": "temperature", "broken": True},
    {"action": "fault", "name": "fault status", "on": True},
    {"action": "door", "times": 2},
    {"action": "flow", "share": 0.5},
    {"action": "laser", "fault": True},
)
"""What hands do to fakes, of every kind; each fake understands some of it."""
LIFE = 40
ODD: tuple[object, ...] = (
    *(None, True, -1, 0, 0.5, 1e308, -1e308, math.inf, math.nan, 10**400, 2**63, "", "x" * 1000, "\0", "\u00b2"),
    *([], {}, [1], {"a": 1}, "1e999", "nan", "-1", "9" * 5000),
)
"""What a detail may be instead of what is meant."""


def odd(data: bytes) -> bytes:
    """Make of any bytes a hand of which one detail is odd."""
    chosen = int.from_bytes(hashlib.sha256(data).digest()[:8], "big")
    hand = dict(HANDS[chosen % len(HANDS)])
    keys = [key for key in hand if key != "action"] or ["on"]
    hand[keys[chosen // 97 % len(keys)]] = ODD[chosen // 9973 % len(ODD)]
    return json.dumps(hand).encode()


@contextlib.contextmanager
def _handled(point: EntryPoint) -> Iterator[Attempt]:
    fake, now = point.load()(World(1), point.name, {}), [START]

    def attempt(data: bytes) -> object:
        """Let a hand act as ``fakes serve`` does with a line of text, which tells why it could not."""
        now[0] += 1.0
        with contextlib.suppress(KeyError, ValueError, TypeError, RecursionError):
            details = dict(json.loads(data))
            action = str(details.pop("action"))
            with contextlib.suppress(KeyError, ValueError):
                fake.hand(action, details, Instant(now[0]))
                return True
        fake.unasked(Instant(now[0]))
        return None

    yield attempt


def _hand(point: EntryPoint) -> Target:
    return Target(
        name=f"hand {point.name}",
        covers=(f"{FAKES}:{point.name}",),
        corpus=lambda: [json.dumps(hand).encode() for hand in HANDS],
        fresh=partial(_handled, point),
        seal=odd,
        harmless="a hand does what it does",
        life=LIFE,
        share=0.05,
    )


@contextlib.contextmanager
def _plant() -> Iterator[Attempt]:
    plant, world = Plant(SystemClock(), PlantLog(None), Faults()), World(1)
    for point in entry_points(group=FAKES):
        plant.add(point.name, point.load()(world, point.name, {}))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plant.log"

        def attempt(data: bytes) -> object:
            path.write_bytes(data)
            return plant.rebuild(path) or None

        yield attempt


def _logs() -> Sequence[bytes]:
    names, at = [point.name for point in entry_points(group=FAKES)], round(START * 1e6)
    links = [(name, hand) for name in names for hand in HANDS[:: 1 + len(names) // 2]]
    hands = [json.dumps({"at": at, "link": name, "hand": hand}).encode() + b"\n" for name, hand in links]
    said = [data for data in (*chatter()[::7], *FOLDER_COMMANDS) if len(data) < 400]
    fed = [json.dumps({"at": at, "link": n, "bytes": d.hex()}).encode() + b"\n" for n in names for d in said]
    return [*hands, *fed, b"".join(hands[:5]), b"".join(fed[:5])]


def hands() -> tuple[Target, ...]:
    """Give one target for the hands on every installed fake, and one for the log of a plant."""
    log = Target(
        name="plant.log",
        covers=("fakes.plant",),
        corpus=_logs,
        fresh=_plant,
        harmless="a simulated plant did what its log says; the ledger is never read from it",
        life=LIFE,
        share=0.02,
    )
    return (*map(_hand, sorted(entry_points(group=FAKES), key=lambda point: point.name)), log)
