"""Lineage: out of which containers, and so of which lots, the product of a lot was made, and by whom.

Source: 21 CFR 1271.290(c) (each part is tracked), 211.192 (an investigation extends to other batches).
"""

from collections.abc import Iterable, Iterator
from typing import Protocol, cast

from automation.gmp.marks import of_batch
from automation.gmp.objects import Site


class Origin(Protocol):
    """What is asked of a container that product came out of."""

    id: str
    parent: str
    sources: tuple[str, ...]
    lots: tuple[str, ...]
    on_hold: bool
    hold_reason: str


class _Batch(Protocol):
    """What is asked of a lot."""

    @property
    def containers(self) -> tuple[str, ...]: ...
    @property
    def hands(self) -> frozenset[str]: ...


class _Prompt(Protocol):
    """What is asked of a prompt."""

    @property
    def hands(self) -> frozenset[str]: ...


def origins(site: Site, names: Iterable[str]) -> Iterator[Origin]:
    """Give the containers that others came out of, each once, the nearest first; of a pool all that went into it."""
    first = tuple(dict.fromkeys(names))
    known = set(first)
    waiting = [one for name in first for one in _came_out_of(site, name)]
    while waiting:
        name = waiting.pop(0)
        if name and name not in known:
            known.add(name)
            waiting += _came_out_of(site, name)
            yield cast("Origin", site.find("container", name))


def lots_behind(site: Site, batch: str) -> tuple[str, ...]:
    """Give a lot and every lot that its containers, or what they came out of, ever belonged to; itself first."""
    issued = cast("_Batch", site.find("batch", batch)).containers
    names = dict.fromkeys((*issued, *(one.id for one in site.marked("container", of_batch(batch)))))
    own = (cast("Origin", site.find("container", name)) for name in names)
    return tuple(dict.fromkeys((batch, *(lot for one in (*own, *origins(site, names)) for lot in one.lots))))


def hands_of(site: Site, batch: str) -> frozenset[str]:
    """Give who made a lot: the persons who started or directed it, or answered what it asked."""
    prompts = (cast("_Prompt", one) for one in site.marked("prompt", of_batch(batch)))
    return cast("_Batch", site.find("batch", batch)).hands.union(*(one.hands for one in prompts))


def _came_out_of(site: Site, name: str) -> tuple[str, ...]:
    one = cast("Origin", site.find("container", name))
    return (one.parent, *one.sources)
