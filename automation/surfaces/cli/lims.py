"""``lims``: tests go to the system of the laboratory, and its results come back; run it every few minutes.

What is to be sent stands in the ledger before it is sent, and what was taken afterwards. What could not be sent is
taken again by the next run; the laboratory's system knows it by its id, so that it is there once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from automation.engine.labpost import STREAM, sent, unsent
from automation.engine.limsfile import LimsPlan
from automation.engine.requests import Request
from automation.engine.sitemodel import SiteFile
from automation.gmp.words import Right
from automation.kernel.clock import MICRO, iso
from automation.kernel.errors import CellwrightError, FailedError, InputError
from automation.kernel.quantity import Instant
from automation.surfaces.cli.access import person, secret
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, emit, mark, session, site, table, tell
from automation.surfaces.cli.exchanging import Taker
from automation.views.objects import Objects

_OVER = frozenset({"cancelled", "invalidated"})


@click.group(epilog="Example: cellwright lims send --as ben --site ./site-a")
def lims() -> None:
    """Send tests to the system of the laboratory and fetch its results."""


@lims.command("send", epilog="Example: cellwright lims send --as ben --site ./site-a")
@by
@site
@as_json
@session
def send_tests(session: Session, *, by: str, folder: Path, as_json: bool) -> None:
    """Send the tests whose samples are on a manifest to the laboratory, and note what it has taken."""
    post = _post(session, folder, by)
    waiting = post.ask("gather")
    answers: Mapping[str, str] = {}
    if waiting:
        answers = post.delivered(waiting)
        post.ask("sent", answers=dict(answers))
    text = f"{len(answers)} tests sent to {post.plan.laboratory}"
    tell(text, {"sent": dict(answers)}, simulated=post.file.simulated, as_json=as_json)


@lims.command("fetch", epilog="Example: cellwright lims fetch --as ben --site ./site-a")
@by
@site
@as_json
@session
def fetch(session: Session, *, by: str, folder: Path, as_json: bool) -> None:
    """Fetch what the laboratory has found and take it to the tests; each test by itself.

    Exit status 1 when something could not be fetched or taken; the rest is.
    """
    post = _post(session, folder, by)
    taker = Taker(session, folder, post.file, post.who, post.secret, post.plan.laboratory, once=True)
    found, failed = post.fetched()
    done = dict[str, object]()
    for test, data in found.items():
        try:
            done[test] = taker.taken(data, name=test)
        except CellwrightError as wrong:
            failed[test] = str(wrong)
    count = sum(_count(one, "taken") for one in done.values())
    text = f"{count} results of {post.plan.laboratory} taken, {len(failed)} tests could not be"
    tell(text, {"fetched": done, "failed": failed}, simulated=post.file.simulated, as_json=as_json)
    if failed:
        raise FailedError("; ".join(failed.values()))


@lims.command("status", epilog="Example: cellwright lims status --site ./site-a")
@site
@as_json
@session
def status(session: Session, folder: Path, *, as_json: bool) -> None:
    """List the tests that the laboratory has to hear of or has heard of, and how each stands."""
    with looked(session, folder) as (file, objects):
        rows = _rows(objects)
        name = file.name
    if as_json:
        emit({"simulated": file.simulated, "tests": [dict(zip(_HEADS, row, strict=True)) for row in rows]})
        return
    mark(name, simulated=file.simulated)
    click.echo(table(_HEADS, rows))


_HEADS = ("test", "sample", "sent", "state", "value")


def _rows(objects: Objects) -> list[tuple[str, str, str, str, str]]:
    events = objects.reader.stream(STREAM)
    ordered = {str(one.fields["test"]): str(one.fields["sample"]) for one in events if one.kind == "ordered"}
    went = {test: iso(Instant(one.at / MICRO), zone=objects.zone)[:16] for test, one in sent(events).items()}
    waits = {one.test for one in unsent(events)}
    found = []
    for test, sample in ordered.items():
        thing = objects.find("test", test)
        when = "waits" if test in waits else went.get(test, "")
        found.append((test, sample, when, str(thing.state), str(getattr(thing, "value", ""))))
    return found


@dataclass(frozen=True, slots=True)
class _Post:
    """The post of a site, and who looks after it; the secret is asked once."""

    session: Session
    folder: Path
    file: SiteFile
    plan: LimsPlan
    who: str
    secret: str = field(repr=False)

    def ask(self, command: str, **body: object) -> dict[str, str]:
        """Ask the owner of the site for what waits, or tell what became of it."""
        request = Request(what="lims", target=STREAM, command=command, body=body, by=self.who, secret=self.secret)
        return send(self.session, self.folder, request).told

    def delivered(self, tests: Mapping[str, str]) -> Mapping[str, str]:
        """Send tests (id to sample); gives what was said of each. Why it failed stands in the ledger, once."""
        try:
            with looked(self.session, self.folder) as (_, objects):
                return self.session.opener.lims_send(self.folder, self.plan, objects, tests)
        except CellwrightError as wrong:
            self.ask("stuck", why=str(wrong))
            raise

    def fetched(self) -> tuple[dict[str, bytes], dict[str, str]]:
        """Give what the laboratory has of each test that it has and that is not over, and of which it can't be had."""
        found, failed = dict[str, bytes](), dict[str, str]()
        with looked(self.session, self.folder) as (_, objects):
            tests = [test for test in sent(objects.reader.stream(STREAM)) if not _is_over(objects, test)]
            for test in tests:
                try:
                    found[test] = self.session.opener.lims_fetch(self.folder, self.plan, objects, test)
                except CellwrightError as wrong:
                    failed[test] = str(wrong)
        if failed:
            self.ask("stuck", why=next(iter(failed.values())))
        return found, failed


def _is_over(objects: Objects, test: str) -> bool:
    return objects.find("test", test).state in _OVER


def _post(session: Session, folder: Path, by: str) -> _Post:
    file = session.opener.site(folder)
    if file.lims is None:
        raise InputError("the site has no laboratory system; write lims in site.yaml")
    who = person(file, by, Right.PERFORM)
    return _Post(session, folder, file, file.lims, who, secret(file, who))


def _count(found: object, key: str) -> int:
    listed = found.get(key) if isinstance(found, dict) else None
    return len(listed) if isinstance(listed, list) else 0


COMMANDS = {"lims": lims}
