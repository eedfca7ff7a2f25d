"""Labels of a batch: each print with what became of it, their reconciliation, and a specimen of each template.

Source: 21 CFR 211.188(b)(8) (label control records with specimens), 211.125(c) (reconciliation of labels).
"""

from collections.abc import Iterator

from automation.gmp.product.labels import Label, State
from automation.kernel.errors import DamagedError, InputError
from automation.views import record_of_product as product
from automation.views.story import Story, Told
from automation.views.trends import Files
from automation.views.wording import stamp

ENDS = (State.APPLIED, State.KEPT, State.DESTROYED)
ENCODING = "latin-1"  # of the bytes that were sent to a printer, as the specimen keeps them


def labels(story: Story, files: Files) -> product.Labels:
    """Give the labels of a batch."""
    shown = tuple(_label(told, story.zone) for told in story.labels)
    return product.Labels(shown, count(tuple(told.now for told in story.labels)), tuple(_specimens(story, files)))


def count(some: tuple[Label, ...]) -> product.LabelCount:
    """Count labels by what became of them; one that came out and is in no end state is unaccounted for."""
    states = [one.state for one in some]
    applied, kept, destroyed = (states.count(end) for end in ENDS)
    printed = sum(one.out for one in some)
    left = printed - applied - kept - destroyed
    return product.LabelCount(
        issued=len(some),
        printed=printed,
        applied=applied,
        kept=kept,
        destroyed=destroyed,
        not_printed=states.count(State.NOT_PRINTED),
        unaccounted=left,
        closes=left == 0 and State.ISSUED not in states,
    )


def _label(told: Told[Label], zone: str) -> product.Label:
    now = told.now
    printed = next((event.at for event, _ in told.of("print")), None)
    return product.Label(
        id=told.id,
        container=now.container,
        template=_template(now),
        marks=now.marks,
        reason=now.reason,
        printed=stamp(printed, zone=zone),
        state=now.state,
        ended=now.ended,
        sha256=now.sha256,
        events=tuple(event.seq for event in told.events),
    )


def _specimens(story: Story, files: Files) -> Iterator[product.Specimen]:
    """Give the first label of each template whose bytes were kept."""
    seen: set[str] = set()
    for told in story.labels:
        now = told.now
        if not now.sha256 or _template(now) in seen:
            continue
        seen.add(_template(now))
        try:
            data, problem = files.get(now.sha256).decode(ENCODING), ""
        except (DamagedError, InputError):
            data, problem = "", f"the file {now.sha256} is missing or was changed"
        yield product.Specimen(_template(now), told.id, now.lines, now.marks, now.code, now.sha256, data, problem)


def _template(label: Label) -> str:
    return f"{label.template} version {label.template_version}"
