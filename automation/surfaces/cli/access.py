"""Who gives a command: named by ``--as``, known by the own secret.

The secret is asked at the terminal or stands in CELLWRIGHT_SECRET. On a simulated site the scripted people's secrets
are known to everybody, because there is nothing to protect.
"""

import os
import sys
from collections.abc import Iterable, Mapping

import click

from automation.engine.requests import Signer
from automation.engine.setup import secret_of
from automation.engine.sitemodel import SiteFile
from automation.gmp.words import Right
from automation.kernel.errors import InputError
from automation.surfaces.cli.common import SECRET, secret_given

NEW_SECRET = "CELLWRIGHT_NEW_SECRET"  # noqa: S105  the name of a variable


def person(file: SiteFile, by: str, *rights: Right) -> str:
    """Give who acts: the one named, or on a simulated site the first scripted person with all these rights."""
    if by:
        return by
    if file.simulated and rights:
        for one in file.people.values():
            if set(rights) <= frozenset().union(*(file.roles.get(role, frozenset()) for role in one.roles)):
                return one.id
    raise InputError("nobody is named; say who you are with --as USER")


def secret(file: SiteFile, name: str, *, own: str = "") -> str:
    """Give the secret of a person; ``own`` is who called the command, to whom the environment's secret belongs."""
    if name == (own or name) and secret_given():
        return secret_given()
    scripted = file.people.get(name)
    if file.simulated and scripted is not None:
        return secret_of(scripted)
    if not sys.stdin.isatty():
        known = f"; known without one here: {', '.join(file.people)}" if file.simulated else ""
        raise InputError(f"the secret of {name} is needed; set {SECRET} or use a terminal{known}")
    asked: str = click.prompt(f"Secret of {name}", hide_input=True, err=True)
    return asked


def chosen(name: str) -> str:
    """Give the new secret of a person: typed twice at the terminal, or from the environment."""
    if os.environ.get(NEW_SECRET):
        return os.environ[NEW_SECRET]
    if not sys.stdin.isatty():
        raise InputError(f"a new secret for {name} is needed; set {NEW_SECRET} or use a terminal")
    asked: str = click.prompt(f"New secret of {name}", hide_input=True, confirmation_prompt=True, err=True)
    return asked


def signers(file: SiteFile, me: Signer, wanted: Iterable[str], others: Mapping[str, str]) -> tuple[Signer, ...]:
    """Give the signatures that a move wants: ``others`` names who signs which meaning, ``me`` signs the rest.

    What is signed is shown at the terminal before any other secret is asked; the signature binds the very bytes.
    """
    meanings = [str(meaning) for meaning in wanted]
    unknown = set(others) - set(meanings)
    if unknown:
        raise InputError(f"--sign names {min(unknown)!r}; wanted here: {', '.join(meanings) or 'no signature'}")
    if not meanings:
        return (me,)
    click.echo(f"what is signed:\n{me.shown}", err=True)
    found: list[Signer] = []
    for meaning in meanings:
        who = others.get(meaning, me.person)
        word = me.secret if who == me.person else secret(file, who, own=me.person)
        found.append(Signer(who, word, meaning, me.shown))
    return tuple(found)
