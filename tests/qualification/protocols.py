"""Executes every shipped qualification protocol to its release at a simulated site, by the command line alone.

Run: ``python -m tests.qualification.protocols [NAME ...] [--keep FOLDER]``
Prints a table: steps, what the program did, files, what stands in the way, seconds. Exit status 1 when one is not
released, or its report does not bear out what was done. Units: s.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from automation.opener import Staying
from tests.qualification.scripts import LARGE, LOADS, SCRIPTS, SMALL, Script
from tests.support.commands import Said, cellwright, simulated_site

ENGINEER, QUALITY, RELEASER, SUPERVISOR = "erik", "dora", "hugo", "carla"
DUE = "2026-12-31"
_BAG = (
    "  {bag}: {{identity: CHA999926PQ000{n}, din: A99992600096{n}, product_code: S12954A0, kind: {kind}, "
    "volume: {volume} mL, sealed_with: SL-9{n}}}\n"
)
_INSIDE = {
    SMALL: "    {bag}: {{kind: bag20, volume: 20, live: 9.2e+8, dead: 0.8e+8, dmso: 0.1, place: fridge, "
    "temperature: 4}}\n",
    LARGE: "    {bag}: {{kind: bag600, volume: 400, live: 1.24e+9, dead: 0.10e+9, dmso: 0.0005, density: 1.01, "
    "solutes: {{medium protein: 8.0}}, place: bench, temperature: 22}}\n",
}
ENOUGH = (
    ("quantity: 1000 mL, density: 1.005", "quantity: 3000 mL, density: 1.005"),
    ("volume: 1000, density: 1.005", "volume: 3000, density: 1.005"),
    ("quantity: 100 mL, density: 1.035", "quantity: 300 mL, density: 1.035"),
    ("volume: 100, dmso: 0.2", "volume: 300, dmso: 0.2"),
)
"""Of buffer and cryoprotectant, for six batches."""
_PAPERS = "    {bag}: {{lowest: 19.5, highest: 23.8}}\n"


@dataclass(frozen=True, slots=True)
class Executed:
    """How an execution ended: its report as data, and how long it took."""

    report: Mapping[str, object]
    seconds: float

    def counts(self) -> Mapping[str, int]:
        """Give how many steps, files and so on the report counts."""
        return cast("Mapping[str, int]", self.report["counts"])

    def wrong(self) -> Iterator[str]:
        """Say what an inspector would not take: a bare result, a count or a row that does not agree, no release."""
        cases = cast("list[dict[str, list[dict[str, object]]]]", self.report["cases"])
        steps = [step for case in cases for step in case["steps"]]
        lines = [line for step in steps for line in cast("list[dict[str, object]]", step["lines"])]
        for line in lines:
            bare = [word for word in ("actual", "judged", "by", "at", "event") if not line[word]]
            if bare:
                yield f"{line['step']} has no {bare[0]}"
        count = self.counts()
        if (count["steps"], count["passed"]) != (len(steps), sum(bool(line["met"]) for line in lines)):
            yield f"counts {count} of {len(lines)} results of {len(steps)} steps"
        if count["files"] != sum(len(cast("list[object]", line["files"])) for line in lines):
            yield f"counts {count['files']} files"
        covered = cast("list[dict[str, str]]", self.report["coverage"])
        yield from (f"{row['requirement']} is {row['status']}" for row in covered if row["status"] != "shown")
        marked = " ".join(cast("list[str]", self.report["unsourced"]))
        yield from (
            f"{step['step']} goes by a limit that is not told to be without a public source"
            for step in steps
            if "[" in str(step["source"]) and f"{step['step']}:" not in marked
        )
        if self.report["state"] != "released" or not self.report["statement"] or not self.report["simulated"]:
            yield f"is {self.report['state']}"


@dataclass(slots=True)
class Bench:
    """A simulated site where protocols are executed; its files lie beside it."""

    folder: Path
    house: Staying = field(default_factory=Staying)

    def say(self, *words: object) -> Said:
        """Run a command; raises AssertionError for one that does not do what it should."""
        said = self.ask(*words)
        assert said.status == 0, f"{words}: {said.err}"
        return said

    def ask(self, *words: object) -> Said:
        """Run a command."""
        return cellwright(*words, "--site", self.folder / "site", house=lambda: self.house)

    def move(self, name: str, command: str, *words: object, by: str) -> None:
        """Move an execution."""
        self.say("do", "qualification", name, command, *words, "--as", by)


@contextmanager
def bench(keep: Path | None = None) -> Iterator[Bench]:
    """Give site A with the bags of a performance qualification and a trained engineer; passing unless kept."""
    with tempfile.TemporaryDirectory() as passing:
        made = _made(Bench(keep or Path(passing)))
        try:
            yield made
        finally:
            made.house.leave()


def _made(made: Bench) -> Bench:
    folder = made.folder
    site = simulated_site(folder / "site")
    file = site / "site.yaml"
    bags = dict(_bags())
    text = file.read_text(encoding="utf-8")
    for place, key in (("containers:\n", 0), ("  containers:\n", 1), ("  papers_of:\n", 2)):
        text = text.replace(f"\n{place}", f"\n{place}{''.join(lines[key] for lines in bags.values())}", 1)
    for old, new in ENOUGH:
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    made.say("instruments", "identify")
    made.say("do", "person", ENGINEER, "train", "--operation", "qualification", "--as", SUPERVISOR)
    return made


def _bags() -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Give each batch's bag with its lines of the site file: registered, in the world, on its papers."""
    batches = [(recipe, name) for recipe, names in LOADS.items() for name in names]
    for n, (recipe, name) in enumerate(batches, start=1):
        kind, volume = ("bag20", 20) if recipe == SMALL else ("bag600", 400)
        bag = f"PQ-{name}"
        known = _BAG.format(bag=bag, n=n, kind=kind, volume=volume)
        papers = "" if recipe == SMALL else _PAPERS.format(bag=bag)
        yield name, (known, _INSIDE[recipe].format(bag=bag), papers)


def execute(at: Bench, script: Script, *, ends: tuple[str, ...] = (".html", ".pdf")) -> Executed:
    """Execute a protocol from its plan to its release, and read its report; ``ends`` are written beside the data."""
    began = time.perf_counter()
    _prepare(at, script)
    words = ("qualify", script.protocol, "--asset", script.asset, "--as", ENGINEER, "--json")
    planned = at.say(*words).data
    name, digest = str(planned["qualification"]), planned["digest"]
    at.move(name, "approve", "--digest", digest, by=QUALITY)
    stood = at.say(*words, *(f"--equipment={role}={asset}" for role, asset in script.equipment.items())).data
    while stood["next"]:
        todo = _answers(at, script, stood)
        if not todo:
            _provoke(at, name)
        stood = at.say(*words, *todo).data
    at.move(name, "finish", by=ENGINEER)
    at.move(name, "review", "--conclusion", "every step has its result; the files were read", by=QUALITY)
    statement = f"for the use that {script.protocol} covers, at this site"
    at.move(name, "release", "--statement", statement, "--due", DUE, by=RELEASER)
    made = at.folder / f"{name}.json"
    for end in (".json", *ends):
        at.say(*words[:4], "--report", made.with_suffix(end))
    return Executed(json.loads(made.read_bytes()), time.perf_counter() - began)


def _prepare(at: Bench, script: Script) -> None:
    """Register and calibrate what is not at the site, and freeze the batches of a performance qualification."""
    if script.protocol == "balance-oq":
        _register(at, "weights-01", "reference weights")
    if script.protocol == "system-iq-oq":
        _register(at, "system-01", "computerised system")
    if script.protocol == "freezer-pq":
        for recipe, batches in LOADS.items():
            for batch in batches:
                at.say("run", recipe, "--batch", batch, "--container", f"PQ-{batch}")


def _register(at: Bench, name: str, asset_class: str) -> None:
    at.say("do", "asset", name, "register", "--asset-class", asset_class, "--as", ENGINEER)
    if name != "system-01":
        at.say("do", "asset", name, "calibrate", "--due", DUE, "--certificate", f"C-{name}", "--as", ENGINEER)


def _answers(at: Bench, script: Script, stood: Mapping[str, object]) -> list[str]:
    """Give the words that answer what comes next."""
    words: list[str] = []
    for step in (one["step"] for one in cast("list[dict[str, str]]", stood["next"])):
        if script.protocol == "freezer-pq" and step[:4] in {"PQ-1", "PQ-2"}:
            words += _frozen(at, step)
            continue
        for option, said in (("--answer", script.values), ("--seen", script.seen)):
            words += [f"{option}={step}={said[step]}"] if step in said else []
        if step in script.files:
            file = at.folder / f"{script.protocol}-{step}.txt"
            file.write_text(f"log of {step}\n", encoding="utf-8")
            words.append(f"--evidence={step}={file}")
    return words


def _frozen(at: Bench, step: str) -> list[str]:
    """Answer a step about a frozen batch from the batch's own record."""
    recipe, number = LOADS[SMALL if step.startswith("PQ-1") else LARGE], int(step[5:]) - 1
    batch = recipe[number // 2]
    record = at.folder / f"{batch}.json"
    if number % 2 == 0:
        at.say("record", batch, "--format", "json", "-o", record)
        return [f"--seen={step}=batch {batch}: verdict pass, probe in the middle bag", f"--evidence={step}={record}"]
    steps = json.loads(record.read_bytes())["record"]["steps"]
    found = {one["name"]: one["value"] for step in steps if step["id"] == "freeze" for one in step["results"]}
    return [f"--answer={step}={found['rate']:.2f}"]


def _provoke(at: Bench, name: str) -> None:
    """Try what has to be refused, and make a backup that is restored on trial."""
    grant = ("person", "anna", "grant", "--roles", '["administrator"]', "--reason", "quicker")
    approve = ("qualification", name, "approve", "--digest", hashlib.sha256().hexdigest())
    for words in (grant, approve):
        assert at.ask("do", *words, "--as", "anna").status == 1
    backup = at.folder / "backup.tar"
    at.say("backup", backup)
    at.say("restore", "--verify", backup, "--as", "ida")


def main() -> int:
    """Execute what is asked, print the table, and give the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*SCRIPTS, []], help="only these protocols")
    parser.add_argument("--keep", type=Path, help="keep site and reports in this folder")
    asked = parser.parse_args()
    with bench(asked.keep) as at:
        bad = [_printed(at, SCRIPTS[name]) for name in asked.names or SCRIPTS]
    return int(any(bad))


def _printed(at: Bench, script: Script) -> bool:
    done = execute(at, script)
    count, wrong = done.counts(), list(done.wrong())
    told = f"{count['steps']} steps, {count['by_program']} by the program, {count['files']} files"
    sys.stdout.write(f"{script.protocol:18} {script.asset:11} {told:42} {done.report['state']} {done.seconds:5.1f} s\n")
    for one in wrong:
        sys.stdout.write(f"  {one}\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
