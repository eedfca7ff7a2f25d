"""Run-history files of the washer: found by the kit that they name, complete, hashed, never changed.

Source: user guide page 94 (a unique file is written each time a protocol is run). A kit is used once, so a file that
        holds the kit's id is of its run; what is read of it: see ``washer_history``.
"""

from pathlib import Path

from automation.kernel.quantity import Seconds
from instruments.drivers.rotea.settings import SAME_LINK
from instruments.drivers.washer_history import wire
from instruments.interfaces.cell_washer import RunHistory
from instruments.transport import Link, folder

SETTLE = Seconds(2.0)  # s; a file whose size and time did not change for so long is complete
ANSWER = Seconds(10.0)  # s; for a folder on a slow share


class Histories:
    """The folder into which Run Manager writes, or nothing when the site names none."""

    def __init__(self, link: Link, where: str, *, settle: Seconds = SETTLE) -> None:
        """Use the folder ``where``, or the washer's own link when a fake gives the files itself."""
        self._settle = settle
        self._own = Link(folder.FolderStream(Path(where)), name=f"{link.name} histories") if _is_folder(where) else None
        self._link = link if where == SAME_LINK else self._own
        self._kit = ""

    @property
    def own_link(self) -> tuple[Link, ...]:
        """Give the link to the folder, where there is one of its own."""
        return (self._own,) if self._own else ()

    def begin(self, kit: str) -> None:
        """Remember the kit of the run that begins, for when it is taken out before its file is asked for."""
        self._kit = kit

    async def newest(self, kit: str) -> RunHistory | None:
        """Give the newest complete file that names the kit (or the last one started with); None when there is none."""
        wanted = (kit or self._kit).encode()
        if self._link is None or not wanted:
            return None
        if self._own is not None:
            await self._own.open()
        before = await self._list(self._link)
        await self._link.stream.arrived(within=self._settle)
        after = await self._list(self._link)
        complete = [name for name in after if before.get(name) == after[name]]
        for name in sorted(complete, key=lambda one: (after[one].changed, one), reverse=True):
            asked = folder.read_request(name)
            answered = await self._link.exchange(asked, folder.content_complete, deadline=ANSWER)
            data = folder.content(answered)
            if isinstance(data, bytes) and wanted in data:
                return wire.read(data)
        return None

    @staticmethod
    async def _list(link: Link) -> dict[str, folder.Entry]:
        return folder.entries(await link.exchange(folder.LIST, folder.listing_complete, deadline=ANSWER))


def _is_folder(where: str) -> bool:
    return bool(where) and where != SAME_LINK
