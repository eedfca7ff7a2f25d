"""``backup`` and ``restore``: a copy of a site that is whole or not there, and the trial that it can be restored.

A trial unpacks the copy, checks every file against its hash, verifies the ledger with its kept files, and folds it:
the same last event and the same states of everything have to come out as when it was made.
"""

import shutil
import tempfile
from pathlib import Path

import click

from automation.engine.requests import Request
from automation.gmp.words import Right
from automation.kernel.clock import MICRO, SystemClock, iso
from automation.kernel.errors import CellwrightError, DamagedError, FailedError, InputError
from automation.kernel.quantity import Instant
from automation.ledger import file, where
from automation.ledger.backup import (
    KEY,
    Kept,
    Manifest,
    begin_aside,
    check_free,
    copy_site,
    finish,
    read_manifest,
    settle,
    unpack,
)
from automation.ledger.event import Mode
from automation.ledger.moving import move
from automation.ledger.read import Reader
from automation.ledger.verify import verify
from automation.ledger.verify_blobs import verify_blobs
from automation.surfaces.cli.access import person, secret
from automation.surfaces.cli.asking import send
from automation.surfaces.cli.common import SITE, Session, as_json, by, emit, pairs, session, site
from automation.views.standing import digest, standing


@click.command(epilog="Example: cellwright backup /mnt/backup/site-a-2026-11-22.tar --site ./site-a")
@click.argument("target", metavar="DIR|FILE", type=click.Path(path_type=Path))
@site
@click.option("--with-key", is_flag=True, help="Copy the private key too: whoever has it signs as this site.")
@as_json
@session
def backup(session: Session, target: Path, folder: Path, *, with_key: bool, as_json: bool) -> None:
    """Copy a site as a folder, or as one file (.tar), while its owner goes on."""
    session.opener.site(folder)
    check_free(target)
    if target.resolve().is_relative_to(folder.resolve()):
        raise InputError("a backup inside the site folder would be lost with it", where=str(target))
    made = begin_aside(target)
    try:
        files = copy_site(folder, made, with_key=with_key)
        manifest = _manifest(made, files, release=session.opener.release())
        finish(made, target=target, manifest=manifest)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    _tell(f"{target} is a backup of {manifest.site}", manifest, {"place": str(target)}, as_json=as_json)


@click.command(
    epilog="Example: cellwright restore --verify /mnt/backup/site-a-2026-11-22.tar --site ./site-a --as erik"
)
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path))
@click.option("--verify", "only_verify", is_flag=True, help="Try it in a passing folder and keep nothing of it.")
@click.option("--to", "to", type=click.Path(path_type=Path), help="Restore into this folder, which must not be there.")
@click.option(
    "--ledger", default="", metavar="WORDS", help="With --to: put the ledger into PostgreSQL (docs/postgresql.md)."
)
@click.option(
    "--site",
    "folder",
    type=click.Path(path_type=Path),
    envvar=SITE,
    help=f"Site that records the trial; else {SITE}, else none.",
)
@by
@as_json
@session
def restore(  # noqa: PLR0913  one parameter for each option
    session: Session,
    source: Path,
    to: Path | None,
    folder: Path | None,
    *,
    ledger: str,
    by: str,
    only_verify: bool,
    as_json: bool,
) -> None:
    """Restore a site from a backup, or try whether it could be restored."""
    if to is None and not only_verify:
        raise click.UsageError("say --verify to try the backup, or --to DIR to restore it")
    if ledger and to is None:
        raise click.UsageError("--ledger says where the ledger of a restored site goes: say --to DIR as well")
    manifest = read_manifest(source)
    note = _Note(session, folder, by=by, source=source, manifest=manifest) if folder is not None else None
    try:
        _tried(source, to, ledger=ledger)
    except DamagedError as error:
        if note is not None:
            note.failed(error)
        raise FailedError(f"{source} can't be restored: {error}") from error
    if note is not None:
        note.proven()
    text = f"{to} is restored from {source}" if to else f"{source} can be restored"
    more = {"place": str(source), **({"restored": str(to)} if to else {})}
    _tell(text, manifest, more, as_json=as_json)


def _manifest(made: Path, files: tuple[Kept, ...], *, release: str) -> Manifest:
    """Give the list of a fresh copy; raises DamagedError when it is not whole."""
    events, head = _whole(made)
    with Reader(made) as reader:
        genesis = reader.genesis
        states = digest(standing(reader))
    return Manifest(
        release=release,
        made=SystemClock().micros(),
        ledger=genesis.ledger,
        site=genesis.site,
        mode=str(genesis.mode),
        events=events,
        head=head,
        standing=states,
        with_key=any(one.path == KEY for one in files),
        files=files,
    )


def _whole(folder: Path) -> tuple[int, str]:
    """Give number and hash of a folder's last event; raises DamagedError when ledger or kept files are not whole."""
    found = verify(folder)
    if found.first_bad is not None:
        raise DamagedError(f"the ledger is not intact: event {found.first_bad.seq}: {found.first_bad.what}")
    wrong = verify_blobs(folder)
    if wrong:
        raise DamagedError(f"the kept files are not whole: {wrong[0]}")
    return found.events, found.head


def _tried(source: Path, to: Path | None, *, ledger: str) -> None:
    """Unpack a backup aside, check everything, and put it in its place; raises DamagedError for what is wrong."""
    if to is None:
        with tempfile.TemporaryDirectory() as folder:
            _unpacked(source, Path(folder) / "site")
        return
    check_free(to)
    made = begin_aside(to)
    try:
        _unpacked(source, made)
        if ledger:
            _into_database(made, ledger)
        settle(made, to)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _unpacked(source: Path, into: Path) -> None:
    manifest = unpack(source, into)
    if _whole(into) != (manifest.events, manifest.head):
        raise DamagedError(f"its ledger does not end with event {manifest.events}, {manifest.head}", where=str(source))
    with Reader(into) as reader:
        if digest(standing(reader)) != manifest.standing:
            raise DamagedError("its events fold to other states than when it was made", where=str(source))


def _into_database(folder: Path, ledger: str) -> None:
    """Bring the ledger of an unpacked site into PostgreSQL, the same bytes, and check it there.

    Raises InputError when the schema is not empty, DamagedError when what arrived is not what was sent.
    """
    from automation.ledger.postgresql import pointer  # noqa: PLC0415  only for a site that has one

    sent = _whole(folder)
    with Reader(folder) as reader:
        live = reader.genesis.mode is Mode.LIVE
    path = folder / where.POINTER
    pointer.write(path, pointer.parse(ledger, where="--ledger"))
    move(where.find(folder / file.NAME), where.find(path), live=live)
    (folder / file.NAME).unlink()
    if _whole(folder) != sent:
        raise DamagedError("what arrived in the database is not what was sent", where="--ledger")


class _Note:
    """Records how a trial ended at a site, by a person; whoever it is is known before the trial begins."""

    def __init__(self, session: Session, folder: Path, *, by: str, source: Path, manifest: Manifest) -> None:
        file = session.opener.site(folder)
        self._session, self._folder, self._id = session, folder, manifest.id
        with Reader(folder) as reader:
            own = reader.genesis.ledger
        if own != manifest.ledger:
            raise InputError(f"the backup is of ledger {manifest.ledger}, that of the site is {own}", where=str(folder))
        self._by = person(file, by, Right.SUPERVISE)
        self._secret = secret(file, self._by)
        self._said: dict[str, object] = {
            "made": iso(Instant(manifest.made / MICRO)),
            "place": str(source.resolve()),
            "events": manifest.events,
            "head": manifest.head,
            "files": len(manifest.files),
        }

    def proven(self) -> None:
        """Record that the backup can be restored."""
        self._send("prove", self._said)

    def failed(self, why: CellwrightError) -> None:
        """Record that it can't, and why."""
        self._send("fail", {**self._said, "why": str(why)})

    def _send(self, command: str, body: dict[str, object]) -> None:
        target = f"backup/{self._id}"
        send(
            self._session,
            self._folder,
            Request(what="do", target=target, command=command, body=body, by=self._by, secret=self._secret),
        )


def _tell(text: str, manifest: Manifest, more: dict[str, str], *, as_json: bool) -> None:
    simulated = manifest.mode == "simulated"
    key = "the private key is in it: keep it as the key itself" if manifest.with_key else "the private key is not in it"
    if as_json:
        said = {
            name: getattr(manifest, name) for name in ("id", "site", "ledger", "made", "events", "head", "standing")
        }
        counts = {"files": len(manifest.files), "bytes": manifest.bytes, "with_key": manifest.with_key}
        emit({"simulated": simulated, **said, **counts, **more})
        return
    click.echo(f"SIMULATED {text}" if simulated else text)
    click.echo(
        pairs(
            {
                "backup": manifest.id,
                "made": iso(Instant(manifest.made / MICRO)),
                "ledger": f"{manifest.events} events, head {manifest.head}",
                "files": f"{len(manifest.files)}, {manifest.bytes} bytes; {key}",
            }
        )
    )


COMMANDS = {"backup": backup, "restore": restore}
