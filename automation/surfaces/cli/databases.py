"""``ledger-sql``: what the administrator of a database runs once, before a site keeps its ledger there."""

import re

import click

from automation.kernel.errors import InputError
from automation.ledger.postgresql.schema import statements

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@click.command(epilog="Example: cellwright ledger-sql --schema site_a | psql -1 -v ON_ERROR_STOP=1 --dbname cellwright")
@click.option("--schema", required=True, metavar="NAME", help="Schema that is made; each site has its own.")
@click.option(
    "--login", default="cellwright", show_default=True, metavar="NAME", help="Role that the program logs in as."
)
@click.option(
    "--owner", default="cellwright_owner", show_default=True, metavar="NAME", help="Role that owns it; nobody logs in."
)
def ledger_sql(schema: str, login: str, owner: str) -> None:
    """Print the SQL that makes a schema of PostgreSQL for a ledger.

    Tables, rights and refusals.
    """
    for option, name in (("--schema", schema), ("--login", login), ("--owner", owner)):
        if _NAME.fullmatch(name) is None:
            raise InputError(f"{option} is {name!r}; lower-case letters, digits and _ are allowed")
    if login == owner:
        raise InputError(f"--login and --owner are both {login!r}; who owns the tables may change them")
    click.echo(statements(schema=schema, login=login, owner=owner), nl=False)


COMMANDS = {"ledger-sql": ledger_sql}
