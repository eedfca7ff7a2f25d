"""What people do in scenarios, beyond the test kit, and what the record says of them."""

from collections.abc import Mapping
from pathlib import Path

from automation.engine.journal import Enter
from automation.engine.site import Site
from automation.gmp.people.prompts import Prompt
from automation.kernel.quantity import Seconds
from fakes.kit import scenes
from fakes.kit.scenes import answer, differs, order, ordered, proofs, stages
from fakes.panel import Habit, Values
from tests.support.runs import BATCH, Hook, Run, plant_of, staff_of

__all__ = [
    "CASSETTE",
    "answer",
    "calibrated",
    "change_site",
    "choose",
    "differs",
    "enter",
    "fake_of",
    "insist",
    "late",
    "marked",
    "order",
    "ordered",
    "orders",
    "proofs",
    "refused",
    "scan",
    "sides",
    "stages",
    "streams_of",
]

CASSETTE = 'CASS-2201: {what: cassette, supplier: Simulated Supplies, quantity: 50 pcs, expiry: "2028-12-31"}'


def enter(site: Site, stream: str, command: str, body: Mapping[str, object], *, by: str, **signed: str) -> str:
    """Give a command at the door; gives what the person was refused with, empty when it was taken."""
    return scenes.enter(site, stream, command=command, body=body, by=by, **signed)


def late(pattern: str, minutes: float) -> Hook:
    """Let people do the first thing that fits so many minutes later than usual."""

    def hook(site: Site) -> None:
        staff = staff_of(site)

        async def act(prompt: Prompt) -> Values | None:
            staff.habits.remove(habit)
            return await staff.work(prompt)

        habit = Habit(pattern, act, Seconds(60.0 * minutes))
        staff.habits.append(habit)

    return hook


def choose(pattern: str, choice: str) -> Hook:
    """Let people take this choice at the first question that fits."""
    return answer(pattern, choice=choice)


def scan(pattern: str, code: str, **details: str | float | bool) -> Hook:
    """Let people scan this code at the first question that fits, and the right one afterwards.

    Details are those of the scanner's hand: ``layout``, ``cut``, ``pieces``, ``times``.
    """
    return answer(pattern, takes=None, code=code, **details)


def change_site(folder: Path, *changes: tuple[str, str]) -> Path:
    """Change the text of a site file; each old text has to be there."""
    path = folder / "site.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return folder


def refused(run: Run, stream: str = "") -> list[str]:
    """Give why commands on a stream were refused, in order."""
    events = [event for event in run.events if event.stream.startswith(f"refusals/{stream}")]
    return [str(event.fields["why"]) for event in events]


def streams_of(run: Run, prefix: str) -> list[str]:
    """Give the streams that begin so, in the order of their first event."""
    return list(dict.fromkeys(event.stream for event in run.events if event.stream.startswith(prefix)))


def fake_of(site: Site, asset: str) -> object:
    """Give the fake behind an asset."""
    return plant_of(site).fake(asset)


def sides(run: Run, step: str) -> list[str]:
    """Give the visits that made a step safe, in order."""
    events = [e for e in run.events if e.stream == f"batch/{BATCH}/step/{step}" and e.kind == "enter"]
    return [enter.within for enter in (event.read(Enter) for event in events) if enter.within]


def orders(run: Run) -> list[str]:
    """Give the moves of the batch object, in order."""
    return [event.kind for event in run.events if event.stream == f"batch/{BATCH}"]


def marked(run: Run, prefix: str, mark: str) -> list[str]:
    """Name the objects of a kind of which something is true."""
    return [name for name, thing in run.things.items() if name.startswith(prefix) and getattr(thing, mark)]


def calibrated(until: str, asset: str = "crf-01") -> Hook:
    """Let an asset be in calibration until a moment, or to the end of a day."""
    body = {"due": until, "certificate": "CAL-TEST"}
    return lambda site: insist(enter(site, f"asset/{asset}", "calibrate", body, by="system:setup"))


def insist(refusal: str) -> None:
    """Insist that a command was taken."""
    assert refusal == ""
