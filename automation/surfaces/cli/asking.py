"""How a command reaches the site: by its owner, or by opening it when nobody owns it."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from automation.engine.caller import ask
from automation.engine.requests import Done, Request, carry_out
from automation.engine.site import Site
from automation.engine.sitemodel import SiteFile
from automation.kernel import ids
from automation.kernel.clock import pause, since_boot
from automation.kernel.errors import InputError, OwnedError
from automation.kernel.quantity import Seconds
from automation.ledger import where
from automation.ledger.lease import owner
from automation.ledger.read import Reader
from automation.surfaces.cli.common import Session, at_terminal
from automation.surfaces.cli.port import Opening
from automation.views.objects import Objects

COMMAND = "CELLWRIGHT_COMMAND"
PATIENCE = Seconds(20.0)  # s; how long it is tried to reach a site that others own and leave
LOOK = Seconds(0.1)  # s; between two tries


def send(session: Session, folder: Path, request: Request, *, staffed: bool = False) -> Done:
    """Let a request be carried out, once; waits a while for an owner that comes or goes. Raises what refused it."""
    file = session.opener.site(folder)
    request = msgspec.structs.replace(request, terminal=at_terminal())
    given = os.environ.get(COMMAND, "")
    if given or not file.simulated or _is_others(folder):  # a simulated site alone is the same again each time
        request = msgspec.structs.replace(request, id=given or ids.command())
    last = since_boot() + PATIENCE
    while True:
        try:
            return _sent(session, folder, request, staffed=staffed)
        except OwnedError:
            if since_boot() > last:
                raise
            asyncio.run(pause(LOOK))


def _sent(session: Session, folder: Path, request: Request, *, staffed: bool) -> Done:
    if _is_others(folder):
        return ask(folder, request)

    async def job(here: Site) -> Done:
        return await carry_out(here, request)

    return session.opener.work(folder, job, Opening(staffed=staffed))


def _is_others(folder: Path) -> bool:
    """Tell whether another process owns the site; one that this process holds open is worked at directly."""
    return owner(folder) not in {None, os.getpid()}


@contextmanager
def looked(session: Session, folder: Path) -> Iterator[tuple[SiteFile, Objects]]:
    """Look at a site and its objects without disturbing it; raises InputError for a site that has no ledger yet.

    A mistake in the site file is said, and keeps nobody from looking: then the one that was in force last is gone by.
    """
    file, mistake = session.opener.site_to_look_at(folder)
    if mistake:
        click.echo(f"{mistake} (nothing can be done here until that is mended; this is a look)", err=True)
    if not where.of_site(folder).exists():
        first = f"cellwright instruments identify --site {folder}"
        raise InputError(
            f"{folder} has no ledger yet; it gets one by the first command that works there, such as: {first}"
        )
    roles = {role: frozenset(map(str, rights)) for role, rights in file.roles.items()}
    with Reader(folder) as reader:
        shelf = session.opener.kept(folder, reader)  # before the look at the ledger, which then has all of it
        try:
            yield file, Objects(reader, roles=roles, capacities=file.capacities, shelf=shelf)
        finally:
            if shelf is not None:
                shelf.close()
