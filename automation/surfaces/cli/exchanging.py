"""``exchange``: what goes out of a site in standard forms, and what laboratories and centres send back."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from automation.engine.messages import check_size
from automation.engine.requests import Done, Request, Signer
from automation.engine.sitemodel import SiteFile
from automation.gmp.marks import of_party, with_file
from automation.gmp.product.partners import May, Partner
from automation.gmp.product.tray import stray_id
from automation.gmp.words import Meaning, Right
from automation.kernel.errors import CellwrightError, InputError, RefusedError
from automation.kernel.files import write_whole
from automation.ledger.blobs import Blobs
from automation.surfaces.cli.access import person, secret, signers
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, say_no, session, site, tell
from automation.surfaces.cli.doubt import now_of
from automation.surfaces.cli.exchanging_epcis import epcis
from automation.surfaces.cli.exchanging_folder import read_file, sweep
from automation.views.laboratory import LabResult, Move, Plan, plan
from automation.views.objects import Objects
from automation.views.wording import show

_SIGNATURE = 64  # bytes
_LISTS = ("message", "collection", "identity", "subject", "donation", "container", "batch", "test")
STRANGE = "its sample is none of this site"


@click.group(epilog="Example: cellwright exchange fhir B-17 -o b-17.json --site ./site-a")
def exchange() -> None:
    """Write a batch in standard forms, and take what laboratories and centres send."""


exchange.add_command(epcis)


@exchange.command("fhir", epilog="Example: cellwright exchange fhir B-17 -o b-17.json --site ./site-a")
@click.argument("batch")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@site
@as_json
@session
def fhir(session: Session, batch: str, *, output: Path, folder: Path, as_json: bool) -> None:
    """Write a batch as a FHIR R5 bundle: samples, what is asked of them, containers, results."""
    if folder.resolve() in output.resolve().parents:
        raise InputError(f"-o is {output}, where the site keeps its files; write it somewhere else")
    with looked(session, folder) as (file, objects):
        written = session.opener.fhir(objects, batch)
    write_whole(output, written)
    data = {"batch": batch, "file": str(output), "sha256": hashlib.sha256(written).hexdigest()}
    tell(f"batch {batch} is written as FHIR R5: {output}", data, simulated=file.simulated, as_json=as_json)


@exchange.command("names", epilog="Example: cellwright exchange names --site ./site-a")
@site
@as_json
@session
def names(session: Session, folder: Path, *, as_json: bool) -> None:
    """Print how the lists of ids of this site are named, for whoever writes a program that sends to it."""
    with looked(session, folder) as (file, objects):
        found = {kind: f"urn:x-cellwright:{objects.reader.genesis.ledger}:{kind}" for kind in _LISTS}
    text = "\n".join(("the lists of this site", *(f"{kind:<11} {name}" for kind, name in found.items())))
    tell(text, {"lists": found}, simulated=file.simulated, as_json=as_json)


@exchange.command("take", epilog="Example: cellwright exchange take results.json --from lab-1 --as ben --site ./site-a")
@click.argument("path", metavar="FILE|FOLDER", type=click.Path(path_type=Path))
@click.option("--from", "sender", default="", metavar="PARTY", help="Who sent results.")
@click.option("--signature", type=click.Path(path_type=Path), help="A partner's signature; else FILE.sig.")
@click.option("--as", "by", metavar="USER|PARTNER", default="", help="Who takes results, or whose message it is.")
@site
@as_json
@session
def take(  # noqa: PLR0913  as options
    session: Session, path: Path, *, sender: str, signature: Path | None, by: str, folder: Path, as_json: bool
) -> None:
    """Take a signed message of a partner's own program, or results of a laboratory for a person.

    A message is taken once, and does what it asks for under the rules. Results are matched by the sample alone, all of
    them or none; one of a sample that is none of the site waits in the tray. Who has a key here has to sign them.
    """
    file = session.opener.site(folder)
    if path.is_dir():
        _take_all(session, folder, where=path, by=by, as_json=as_json)
        return
    data, seal = read_file(path.resolve()), signature or path.with_name(f"{path.name}.sig")
    with looked(session, folder) as (_, objects):
        own = bool(by) and objects.find("partner", by).state != "absent"
        keyed = "" if own or _known(objects, data) else _keyed(objects, sender)
    if own:
        done = _sent(session, folder, data, signature=read_file(seal.resolve()), by=by)
        told: dict[str, object] = {"message": done.target, "event": done.seq, "states": done.told}
        tell(_came(done), told, simulated=file.simulated, as_json=as_json)
        return
    who = person(file, by, Right.PERFORM)
    if not sender:
        raise InputError("--from is missing; say who sent the results, as manifests name the laboratory")
    taker = Taker(session, folder, file, who, secret(file, who), sender)
    if keyed:
        _sent(session, folder, data, signature=read_file(seal.resolve()), by=keyed)
    found = taker.taken(data, name=path.name)
    tell(sentence(path.name, found), found, simulated=file.simulated, as_json=as_json)


def _take_all(session: Session, folder: Path, *, where: Path, by: str, as_json: bool) -> None:
    """Take the messages that a partner's program has put into a folder; exit status 1 when one is refused."""
    with looked(session, folder) as (_, objects):
        objects.known("partner", by)

    def known(data: bytes) -> bool:
        with looked(session, folder) as (_, objects):
            return _known(objects, data)

    def bring(data: bytes, signature: bytes) -> str:
        return _came(_sent(session, folder, data, signature=signature, by=by))

    found = sweep(where, known=known, bring=bring)
    simulated = session.opener.site(folder).simulated
    tell(found.text, {"taken": found.taken, "refused": found.refused}, simulated=simulated, as_json=as_json)
    if found.refused:
        say_no()


def _came(done: Done) -> str:
    """Say that a message is taken, and what came of it."""
    return f"{done.target} is taken" + "".join(f"; {stream} is {state}" for stream, state in done.told.items())


def _keyed(objects: Objects, party: str) -> str:
    """Name the partner that a party sends results as; empty for one that has no key here."""
    every = (one for one in objects.marked("partner", of_party(party)) if isinstance(one, Partner))
    return next((one.id for one in every if May.RESULTS in one.may), "")


def _known(objects: Objects, data: bytes) -> bool:
    """Tell whether these bytes came in a message that was taken."""
    return any(objects.marked("message", with_file(hashlib.sha256(data).hexdigest())))


def _sent(session: Session, folder: Path, data: bytes, *, signature: bytes, by: str) -> Done:
    """Bring a message to the owner of the site; raises InputError for one that its socket would not carry."""
    check_size(data)
    body: dict[str, object] = {"data": b64encode(data).decode(), "signature": _hex(signature)}
    return send(session, folder, Request(what="message", target="message", body=body, by=by, secret=""))


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes what somebody has sent, at which site; the secret is asked once."""

    session: Session
    folder: Path
    file: SiteFile
    who: str
    secret: str = field(repr=False)
    sender: str
    once: bool = False  # what was refused before, in the same words, is not brought to the door again

    def taken(self, data: bytes, *, name: str) -> dict[str, object]:
        """Take the results of a bundle to their tests; gives what came of it.

        Raises InputError for what can't be read or belongs to no test, RefusedError, on record, for what a rule
        refuses: then nothing of it is taken.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        given = list[Move]()
        made = self._planned(data, name=name, sha256=sha256)
        if made.moves or made.strays or made.refused:
            Blobs(self.folder / "blobs", sync=not self.file.simulated).put(data)
        while made.refused is not None:  # the door says why, on record; else time has passed and made it right
            self._give(made.refused, name=name)
            given.append(made.refused)
            made = self._planned(data, name=name, sha256=sha256)
        for move in made.moves:
            self._give(move, name=name)
        waiting = [self._wait(one, sha256=sha256) for one in made.strays]
        done = tuple(f"{move.path}:" for move in given)
        known = [one for one in made.known if not one.startswith(done)]
        return _told((*given, *made.moves), sha256, waiting=waiting, known=known)

    def _planned(self, data: bytes, *, name: str, sha256: str) -> Plan:
        with looked(self.session, self.folder) as (file, objects):
            found = self.session.opener.lab_results(data, objects, name=name)
            try:
                made = plan(objects, found, sha256=sha256, at=now_of(file, objects))
            except InputError as wrong:
                raise InputError(str(wrong), where=name) from None
            if self.once and made.refused is not None and _noted(objects, made.refused.stream) == made.why:
                raise RefusedError(f"{name}: {made.refused.path}: {made.why} (on record already)")
            return made

    def _give(self, move: Move, *, name: str) -> None:
        """Give one command, signed by who takes the file; an error says where it stood in the file."""
        said = "\n".join(f"{field}: {show(value)}" for field, value in move.body.items() if value)
        shown = f"{move.command} {move.stream}, as {self.sender} reports it\n{said}"
        request = Request(
            what="do",
            target=move.stream,
            command=move.command,
            body=dict(move.body),
            by=self.who,
            secret=self.secret,
            signers=signers(self.file, Signer(self.who, self.secret, "", shown), (Meaning.PERFORMED,), {}),
            seen=move.seen,
        )
        try:
            send(self.session, self.folder, request)
        except CellwrightError as wrong:
            raise type(wrong)(f"{name}: {move.path}: {wrong}") from None

    def _wait(self, one: LabResult, *, sha256: str) -> str:
        """Put what is of no sample of ours into the tray; gives its id."""
        stray = stray_id(sha256, one.entry)
        body = {"asset": self.sender, "sha256": sha256, "line": one.entry, "analysed": one.analysed, "why": STRANGE}
        request = Request(what="arrive", target=f"tray/{stray}", body=body, by=self.who, secret=self.secret)
        send(self.session, self.folder, request)
        return stray


def _noted(objects: Objects, stream: str) -> str:
    """Give why a command to an object was refused last; empty when none was."""
    last = next(objects.backwards(f"refusals/{stream}"), None)
    return "" if last is None else str(last.fields["why"])


def sentence(name: str, data: dict[str, object]) -> str:
    """Say in one line what came of a file."""
    counts = [len(found) if isinstance(found := data[key], list) else 0 for key in ("taken", "tray", "known")]
    return f"{name}: {counts[0]} taken, {counts[1]} in the tray, {counts[2]} known already"


def _told(moves: Iterable[Move], sha256: str, *, waiting: list[str], known: Sequence[str]) -> dict[str, object]:
    commands = [{"object": move.stream, "command": move.command, "value": move.body["value"]} for move in moves]
    return {"sha256": sha256, "taken": commands, "tray": waiting, "known": list(known)}


def _hex(raw: bytes) -> str:
    """Give a signature as hex: it comes as 64 bytes or as their hex digits."""
    return raw.hex() if len(raw) == _SIGNATURE else raw.decode("ascii", "replace").strip()[: 2 * _SIGNATURE]


COMMANDS = {"exchange": exchange}
