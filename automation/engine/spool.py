"""The spool: a folder into which notices are put, one file each, for whatever sends them on.

The same notice put there twice is one file, so that nothing is lost and nothing doubled when a process ends in between.
"""

from pathlib import Path

import msgspec

from automation.engine.outbox import Notice
from automation.engine.sitemodel import SiteFile
from automation.kernel.files import write_whole


def put(spool: Path, one: Notice, *, site: SiteFile) -> None:
    """Write one notice as a file of the spool; raises OSError."""
    spool.mkdir(parents=True, exist_ok=True)
    said = {"site": site.name, "simulated": site.simulated, **msgspec.to_builtins(one)}
    write_whole(spool / f"{one.id}.json", msgspec.json.format(msgspec.json.encode(said), indent=2) + b"\n")
