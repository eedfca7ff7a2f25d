"""Exceptions that balances tell: amounts and labels that are not accounted for.

Units:  as each balance states.
Source: 21 CFR 211.192 (unexplained discrepancy), 211.125(c) (discrepancies of labels beyond limits).
"""

from collections.abc import Iterator

from automation.views import record_of_product as product
from automation.views.finding import Found, Item, Shown
from automation.views.story import Story
from automation.views.wording import count, percent, quantity

_WORDS = ("reconcil", "balance", "unaccounted")


def balances(story: Story, shown: Shown) -> Found:
    """Give every balance that does not close; open until a deviation about a balance was opened."""
    known = any(
        word in f"{told.now.opening.title} {told.now.opening.rule}".lower()
        for told in story.deviations
        if told.now.opening is not None
        for word in _WORDS
    )
    outcome = "a deviation was opened" if known else "not investigated yet"
    items = tuple(
        Item(at=_at(story, events), what=what, outcome=outcome, events=events, is_open=not known)
        for what, events in (*_amounts(shown.reconciliation), *_labels(shown.labels))
    )
    judged = [one for one in shown.reconciliation if one.closes is not None]
    return Found(f"{count(len(judged), 'balance')}, {count(shown.labels.count.issued, 'label')}", items)


def _amounts(some: tuple[product.Reconciliation, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    for one in some:
        if one.closes is False:
            left, sure = quantity(one.unaccounted, one.unit), quantity(one.expanded, one.unit)
            what = f"{one.quantity}: {left} ({percent(one.share)}) unaccounted for, uncertain by {sure}"
            yield what, tuple(sorted({seq for line in one.lines for seq in line.events}))


def _labels(labels: product.Labels) -> Iterator[tuple[str, tuple[int, ...]]]:
    if not labels.count.closes:
        open_ = [one for one in labels.labels if one.state in {"issued", "printed", "verified"}]
        names = ", ".join(f"{one.id} ({one.state})" for one in open_)
        yield f"labels: {names} unaccounted for", tuple(sorted(seq for one in open_ for seq in one.events))


def _at(story: Story, events: tuple[int, ...]) -> int:
    times = {event.seq: event.at for event in story.trail}
    return times[events[-1]]
