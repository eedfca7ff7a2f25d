"""``hold``, ``restart``, ``pause``, ``unpause``, ``stop``, ``abort``: orders to a batch, as ISA-88 names them.

What each does is safe for the product: a freeze that has begun goes to its end in the device whatever is ordered.
"""

from pathlib import Path

import click

from automation.engine.requests import Request
from automation.gmp.words import Right
from automation.surfaces.cli.access import person, secret
from automation.surfaces.cli.asking import send
from automation.surfaces.cli.common import Session, as_json, by, reason, session, site, tell

_WHAT = {
    "hold": "Hold a batch or one step: it makes itself safe and waits.",
    "restart": "Let a held batch go on.",
    "pause": "Pause a batch at its next effect.",
    "unpause": "Let a paused batch go on.",
    "stop": "End a batch in an orderly way.",
    "abort": "End a batch at once.",
}


def _make(name: str) -> click.Command:
    @click.command(
        name,
        help=_WHAT[name],
        epilog=f"Example: cellwright {name} B-001 --reason 'line clearance' --as anna",
    )
    @click.argument("batch")
    @click.argument("step", default="")
    @reason
    @by
    @site
    @as_json
    @session
    def direct(session: Session, batch: str, step: str, reason: str, *, by: str, folder: Path, as_json: bool) -> None:  # noqa: PLR0913  as options
        file = session.opener.site(folder)
        who = person(file, by, Right.PERFORM)
        body: dict[str, object] = {"reason": reason, "step": step}
        request = Request(what="direct", target=batch, command=name, body=body, by=who, secret=secret(file, who))
        done = send(session, folder, request, staffed=True)
        data = {"batch": batch, "command": name, "by": who, "state": done.state, "event": done.seq}
        text = f"batch {batch} is {done.state} ({name} by {who}, event {done.seq})"
        tell(text, data, simulated=file.simulated, as_json=as_json)

    return direct


COMMANDS = {name: _make(name) for name in _WHAT}
