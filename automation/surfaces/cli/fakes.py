"""``fakes``: list the fake devices, and serve one on a pty, a TCP port, an OPC UA or a SiLA 2 port for any client."""

import sys
from pathlib import Path

import click

from automation.surfaces.cli.common import Session, as_json, emit, session
from automation.surfaces.cli.port import Serving


@click.group(epilog="Example: cellwright fakes serve eurotherm_freezer --tcp 5020")
def fakes() -> None:
    """List the fakes, or serve one on a port."""


@fakes.command("list", epilog="Example: cellwright fakes list")
@as_json
@session
def list_(session: Session, *, as_json: bool) -> None:
    """List the installed fakes."""
    found = session.opener.fakes()
    if as_json:
        emit({"items": found})
        return
    click.echo("\n".join(found))


@fakes.command(epilog="Example: cellwright fakes serve eurotherm_freezer --pty --at ./freezer --log plant.log")
@click.argument("model")
@click.option("--pty", is_flag=True, help="A pseudo-terminal (the default).")
@click.option(
    "--tcp", type=click.IntRange(0, 65535), metavar="PORT", help="A port of this machine only; 0 takes a free one."
)
@click.option(
    "--opcua",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="An OPC UA server of this machine only, for a fake with nodes (rotea); 0 takes a free port.",
)
@click.option(
    "--lads",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="A LADS device (OPC 30500-1) on this machine only, for any fake; 0 takes a free port.",
)
@click.option(
    "--sila",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="A SiLA 2 server on this machine only, for any fake; 0 takes a free port.",
)
@click.option("--at", type=click.Path(path_type=Path), help="A link to the pseudo-terminal.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--speed", type=float, default=1.0, show_default=True, help="How many times faster than real time.")
@click.option("--log", type=click.Path(path_type=Path), help="Plant log: a fake that is served again goes on from it.")
@session
def serve(  # noqa: PLR0913  as options
    session: Session,
    model: str,
    tcp: int | None,
    *,
    opcua: int | None,
    lads: int | None,
    sila: int | None,
    pty: bool,
    at: Path | None,
    seed: int,
    speed: float,
    log: Path | None,
) -> None:
    """Serve a fake until Ctrl-C; lines of JSON on standard input are a person's hands."""
    if pty + sum(port is not None for port in (tcp, opcua, lads, sila)) > 1:
        raise click.UsageError("--pty, --tcp, --opcua, --lads and --sila exclude each other")
    serving = Serving(model=model, seed=seed, tcp=tcp, opcua=opcua, lads=lads, sila=sila, at=at, speed=speed, log=log)
    session.opener.serve(serving, announce=_announce, hands=sys.stdin)


def _announce(port: str) -> None:
    click.echo(port)
    sys.stdout.flush()


COMMANDS = {"fakes": fakes}
