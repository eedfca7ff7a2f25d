"""What has to follow an event, done right after the append that tells of it and never inside it.

Inside an append the objects that follow are not folded yet, so no decision may rest on them. What is left when the site
closes is done then.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Afterwards:
    """Work in the order in which it fell due."""

    _due: deque[Callable[[], None]] = field(default_factory=deque)

    def add(self, work: Callable[[], None]) -> None:
        """Do it as soon as the event that led to it stands."""
        self._due.append(work)
        asyncio.get_running_loop().call_soon(self.run)

    def run(self) -> None:
        """Do everything that is due."""
        while self._due:
            self._due.popleft()()
