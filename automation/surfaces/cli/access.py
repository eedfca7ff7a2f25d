"""Who gives a command: named by ``--as``, known by the own secret.

The secret is asked at the terminal or stands in CELLWRIGHT_SECRET. On a simulated site the scripted people's secrets
are known to everybody, because there is nothing to protect.
"""

import sys
from collections.abc import Iterable

import click

from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.gmp.door import Proof
from automation.gmp.words import Right
from automation.kernel.errors import InputError, RefusedError
from automation.surfaces.cli.common import SECRET, secret_given


def person(site: Site, by: str, *rights: Right) -> str:
    """Give who acts: the one named, or on a simulated site the first scripted person with the rights."""
    if by:
        return by
    if site.file.simulated:
        for name in site.file.people:
            if set(rights) <= site.house.door.rights(name):
                return name
    raise InputError("nobody is named; say who you are with --as USER")


def secret(site: Site, name: str, *, own: str = "") -> str:
    """Give the secret of a person; ``own`` is who called the command, to whom the environment's secret belongs."""
    if name == (own or name) and secret_given():
        return secret_given()
    scripted = site.file.people.get(name)
    if site.file.simulated and scripted is not None:
        return secret_of(scripted)
    if not sys.stdin.isatty():
        raise InputError(f"the secret of {name} is needed; set {SECRET} or use a terminal")
    asked: str = click.prompt(f"Secret of {name}", hide_input=True, err=True)
    return asked


def identify(site: Site, name: str) -> str:
    """Give the person's secret when it is right; raises RefusedError when it is not."""
    found = secret(site, name)
    if not site.credentials.check(name, found):
        raise RefusedError(f"{name} could not be identified: unknown here, or not the right secret")
    return found


def proofs(
    site: Site, by: str, own: str, wanted: Iterable[str], others: dict[str, str], *, shown: str
) -> tuple[Proof, ...]:
    """Give the signatures that a move wants: ``others`` names who signs what meaning, ``by`` signs the rest.

    What is signed is shown at the terminal before any secret is asked; the proof binds the very bytes.
    """
    meanings = [str(meaning) for meaning in wanted]
    unknown = set(others) - set(meanings)
    if unknown:
        raise InputError(f"--sign names {min(unknown)!r}; wanted here: {', '.join(meanings) or 'no signature'}")
    if meanings:
        click.echo(shown, err=True)
    found = [Proof(by, own)] if not meanings else []
    for meaning in meanings:
        who = others.get(meaning, by)
        word = own if who == by else secret(site, who, own=by)
        found.append(Proof(who, word, meaning, shown.encode()))
    return tuple(found)
