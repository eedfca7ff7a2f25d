"""Plays a story: its commands go the way of the command line, at a site that stays open; what came of it is told.

Every line says what a person did, or how the house refused it, in the house's own words. A command that ends otherwise
than the story says ends the story.
Units:  s.
"""

import hashlib
import io
import json
import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from automation.engine.site import Site
from automation.engine.sitemodel import SiteFile
from automation.kernel.clock import MICRO, instant, local, since_boot
from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Instant, Seconds
from automation.surfaces.cli.common import shortened
from automation.surfaces.cli.main import run
from automation.surfaces.cli.port import Opener
from automation.surfaces.cli.story import Act, Story

WIDTH, INDENT = 118, 14  # characters of a line, and of what stands before a sentence
LONGEST = 92  # characters of a refusal that are shown
_DIGEST = re.compile(r"\$\(sha256sum (\S+) \| cut -d' ' -f1\)")
_NAMED = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Told:
    """One act as it was played: when, the sentence, what was shown or refused, and the commands behind it."""

    part: str
    at: str
    text: str
    shown: tuple[str, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """Give the paragraph that says no; empty when there is none."""
        lines = [line.removeprefix("cellwright: ") for line in self.err.splitlines() if line.startswith("cellwright: ")]
        return lines[-1] if lines else ""


class Player:
    """Plays one story at one site of ``house``, which keeps it open meanwhile."""

    def __init__(self, house: Opener, folder: Path, file: SiteFile, told: Story) -> None:
        """Know the people by name; nothing is played yet."""
        self._house, self._folder, self._file, self._story = house, folder, file, told
        self._met: set[str] = set()
        self._results: Mapping[str, Mapping[str, object]] = {}

    def play(self) -> Iterator[Told]:
        """Play act by act; raises FailedError for the first that ends otherwise than it is told."""
        for part in self._story.parts:
            for act in part.acts:
                yield self._played(part.title, act)

    def _played(self, part: str, act: Act) -> Told:
        at, began = self._at_work(act.wait), since_boot()
        said = [self._run(words) for words in act.do]
        took = since_boot() - began
        self._check(act, said)
        shown = list(_shown(act, said))
        if act.refused:
            shown.append(f"refused: {shortened(said[-1].refusal, LONGEST)}")
        if act.timed:
            shown.append(f"answered in {took * 1000:.0f} ms")
        if act.at:
            at = instant(str(self._result(act, act.at)["at"]), zone=self._file.zone)
        text = _NAMED.sub(lambda found: self._named(act, found[1]), act.tell)
        return Told(part, f"{local(at, zone=self._file.zone):%d %b %H:%M}", text, tuple(shown), act.do)

    def _at_work(self, wait: Seconds) -> Instant:
        """Let time pass at the site; gives the moment."""

        async def job(site: Site) -> Instant:
            if wait > Seconds(0.0):
                await site.house.clock.sleep(wait)
            return Instant(site.house.clock.micros() / MICRO)

        return self._house.work(self._folder, job)

    def _run(self, words: str) -> _Said:
        """Run one command as at a pipe."""
        filled = words.replace("$SITE", str(self._folder)).replace("$OUT", str(self._folder.parent))
        filled = _DIGEST.sub(lambda found: hashlib.sha256(Path(found[1]).read_bytes()).hexdigest(), filled)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = run(lambda: self._house, [*shlex.split(filled), "--site", str(self._folder)])
        if words.startswith(("run ", "resume ")):
            self._results = {}
        return _Said(status, out.getvalue(), err.getvalue())

    def _check(self, act: Act, said: list[_Said]) -> None:
        for number, one in enumerate(said):
            refused = act.refused if number == len(said) - 1 else ""
            as_told = one.status != 0 and refused in one.refusal if refused else one.status == 0
            if not as_told:
                came = one.refusal or one.out.strip() or "it was not refused"
                raise FailedError(f"the story does not go on as it is told at {act.where}: {act.do[number]!r}: {came}")

    def _named(self, act: Act, name: str) -> str:
        """Give a person's name, at first with the roles; or a result of the batch with its unit."""
        person = self._file.people.get(name)
        if person is not None:
            roles = "" if name in self._met else f" ({', '.join(person.roles)})"
            self._met.add(name)
            return f"{person.name}{roles}"
        found = self._result(act, name)
        value, unit = found["value"], found["unit"]
        number = f"{value:.3g}".replace("e+0", "e") if isinstance(value, float) else str(value)
        return f"{number} {unit}".rstrip()

    def _result(self, act: Act, name: str) -> Mapping[str, object]:
        """Give what a batch recorded, asked of the site once; raises InputError for a name that is none."""
        if not self._results:
            rows = json.loads(self._run(f"query results --where 'batch = {self._story.batch}' --json").out)["items"]
            self._results = {f"{row['step']}.{row['name']}": row for row in cast("list[dict[str, object]]", rows)}
        if name not in self._results:
            raise InputError(
                f"{{{name}}} is no person of the site and no result of batch {self._story.batch}", where=act.where
            )
        return self._results[name]


def _shown(act: Act, said: Sequence[_Said]) -> Iterator[str]:
    """Give what matches in the answers, a line each; what the groups of a pattern hold, all in one line.

    Raises FailedError for a pattern that matches nothing.
    """
    answer = "\n".join(one.out for one in said)
    for pattern in act.shown:
        found = list(pattern.finditer(answer))
        if not found:
            raise FailedError(
                f"the story does not go on as it is told at {act.where}: no answer has {pattern.pattern!r}"
            )
        if pattern.groups:
            parts = (" ".join(" ".join(group.split()) for group in match.groups(default="")) for match in found)
            yield "; ".join(dict.fromkeys(parts))
        else:
            yield from (match[0].strip() for match in found)


def lines(one: Told, *, at: str) -> Sequence[str]:
    """Give an act as lines: the sentence after its time, below it what was shown or refused."""
    blank = " " * INDENT
    texts = [(f"{at:<{INDENT}}", one.text), *((f"{blank}  ", text) for text in one.shown)]
    return [
        line
        for first, text in texts
        for line in textwrap.wrap(
            text,
            WIDTH,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]
