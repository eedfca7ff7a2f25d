"""Labels: from an approved template, printed in order, verified by scan, on their own bag."""

from tests.cheats.cheat import Act, Body, Cheat, Tried
from tests.cheats.identity import bag
from tests.support.doors import SECOND, proof
from tests.unit.gmp import moves_of_product as said

TITLE = "Labels"
MIX_UP = "21 CFR 211.125, 211.130"
LABEL: Body = {"lines": ["T cells"], "marks": ["SIMULATED"], "template": "bag", "template_version": "1"}
APPLY, READ = Act("label/B1-L1", "apply", {"container": "B1"}), Act("label/B1-L1", "verify", {"code": "CONTAINER:B1"})
WRITE = Act(
    "template/bag@1", "write", {"title": "bag of 50 mL", "fixed": ["DO NOT IRRADIATE"], "stock": "LN2 4"}, "review"
)
REPRINTED: Body = {"marks": ["SIMULATED", "REPRINT"], "reason": "the ribbon was creased"}


def label(name: str, number: int = 1, **said: object) -> Act:
    """Give the issue of a label of a bag."""
    body = {"container": name, "code": f"CONTAINER:{name}", **LABEL, **said}
    return Act(f"label/{name}-L{number}", "issue", body, "system:test")


def printed(name: str = "B1", number: int = 1) -> Act:
    """Give the printing of a label."""
    return Act(f"label/{name}-L{number}", "print", {"sha256": "a" * 64}, "system:test")


APPROVE = Act("template/container@1", "approve", by="approve")
TUBE = (bag(), WRITE.on("template/container@1").stating(fixed=[]), APPROVE)
MINE = Act("label/B1-L1", "issue", said.issued("B1"))
OUT = Act("label/B1-L1", "print")
SPOILED = Act("label/B1-L1", "destroy", {"reason": "the ribbon was creased"})
AGAIN = Act("label/B1-L2", "reissue", said.reissued("B1"))
PLAN = Act("split/S1", "plan", {**said.planned("B1"), "parent": "B1"})
DIVIDED = (bag(), PLAN, Act("split/S1", "approve", by="supervise"), *TUBE[1:])
CHILD: Body = {"container": "B1-1", "volume_ml": 2.0, "what": "dose", "use": "product"}
DONE = Act("split/S1", "execute", {**said.executed("B1"), "parent": "B1", "before_ml": 20.0, "left_ml": 17.8,
           "filled": [{"container": "B1-1", "volume_ml": 2.0}], "labels_printed": 1})  # fmt: skip
OF_CHILD = MINE.on("label/B1-1-L1").stating(**said.issued("B1-1"))
READ_CHILD = Act("label/B1-1-L1", "verify", {"code": "CONTAINER:B1-1"}, "verify")
ONE_CHILD = (bag(), PLAN.stating(children=[CHILD]), *DIVIDED[2:])
LABELLED = (bag(), label("B1"), printed())
VERIFIED = (*LABELLED, READ)


def _labelled(name: str, says: str, plot: Tried, clause: str = MIX_UP) -> Cheat:
    return Cheat(name, clause, ("F058", "F061"), says, plot)


CHEATS = (
    _labelled(
        "Stick the wrong label on the right bag",
        "label B2-L1 is of B2; it can't go on B1",
        Tried(
            APPLY.on("label/B2-L1"),
            APPLY,
            (*VERIFIED, bag("B2"), label("B2"), printed("B2"), READ.on("label/B2-L1").stating(code="CONTAINER:B2")),
        ),
    ),
    _labelled(
        "Stick the right label on the wrong bag",
        "label B1-L1 is of B1; it can't go on B2",
        Tried(APPLY.stating(container="B2"), APPLY, (*VERIFIED, bag("B2"))),
    ),
    _labelled(
        "Verify a label by scanning another one",
        "was not read as 'CONTAINER:B1'",
        Tried(READ.stating(code="CONTAINER:B2"), READ, LABELLED),
    ),
    _labelled(
        "Stick a label on that nobody has verified",
        "'apply' is not possible in state 'printed'",
        Tried(APPLY, APPLY, LABELLED, (READ,)),
        "21 CFR 211.134, 211.130",
    ),
    _labelled(
        "Stick a second label over the first",
        "carries label B1-L1; it has to be destroyed first",
        Tried(
            APPLY.on("label/B1-L2"),
            APPLY.on("label/B1-L2"),
            (*VERIFIED, APPLY, label("B1", 2, **REPRINTED), printed("B1", 2), READ.on("label/B1-L2")),
            (Act("label/B1-L1", "destroy", {"reason": "creased"}),),
        ),
    ),
    _labelled(
        "Print a label once more without a reason",
        "is a reprint: a reason of at least 3 characters is needed",
        Tried(label("B1", 2, marks=["SIMULATED", "REPRINT"]), label("B1", 2, **REPRINTED), LABELLED),
        "21 CFR 211.125(a), (c)",
    ),
    _labelled(
        "Print a label once more as if it were the first",
        "has to carry the mark REPRINT or RECORD COPY",
        Tried(label("B1", 2, reason="creased"), label("B1", 2, **REPRINTED), LABELLED),
        "21 CFR 211.125(a), (c)",
    ),
    _labelled(
        "Hide a label by skipping its number",
        "the next label of B1 is B1-L2",
        Tried(label("B1", 3, **REPRINTED), label("B1", 2, **REPRINTED), LABELLED),
        "21 CFR 211.125(c), (d)",
    ),
    _labelled(
        "Stick the copy for the record on a bag",
        "is a record copy; it goes on no container",
        Tried(
            APPLY.on("label/B1-L2"),
            APPLY,
            (
                *VERIFIED,
                label("B1", 2, marks=["SIMULATED", "RECORD COPY"], reason="for the record"),
                printed("B1", 2),
                READ.on("label/B1-L2"),
            ),
        ),
        "21 CFR 211.125, 211.188(b)(8)",
    ),
    _labelled(
        "Print a label by a template that nobody has approved",
        "bag@1 is draft, not effective",
        Tried(
            label("B1", lines=["T cells", "Do not irradiate"]),
            label("B1", lines=["T cells", "Do not irradiate"]),
            (bag(), WRITE),
            (Act("template/bag@1", "approve", by="approve"),),
        ),
        "21 CFR 211.122, 211.125(b)",
    ),
    _labelled(
        "Leave a warning out of a label",
        "DO NOT IRRADIATE",
        Tried(
            label("B1"),
            label("B1", lines=["T cells", "Do not irradiate"]),
            (bag(), WRITE, Act("template/bag@1", "approve", by="approve")),
        ),
        "21 CFR 211.125(b), 1271.370",
    ),
    _labelled(
        "Approve the label template that one wrote oneself",
        "someone else has to approve it",
        Tried(
            Act("template/bag@1", "approve", by=SECOND),
            Act("template/bag@1", "approve", by="approve"),
            (WRITE.made_by(SECOND),),
        ),
        "21 CFR 211.22(c), 211.122",
    ),
    _labelled(
        "Leave SIMULATED out of a label of a simulated site",
        "has to carry the mark SIMULATED",
        Tried(label("B1", marks=[]), label("B1"), (bag(),)),
        "21 CFR 211.130; Annex 11, 7.1",
    ),
    _labelled(
        "Print a label at the bench without an approved template",
        "has no effective version; people print from an approved one only",
        Tried(MINE, MINE, TUBE[:1], TUBE[1:]),
        "21 CFR 211.122, 211.125(b)",
    ),
    _labelled(
        "Leave the chain of identity out of a label that one prints",
        "does not say 'CHAIN OF IDENTITY COI-1', which its record demands",
        Tried(MINE.stating(lines=["B1"]), MINE, TUBE),
        "21 CFR 1271.290(c), 211.130",
    ),
    _labelled(
        "Put the symbol of another container on a label",
        "has the code of B1, nothing else",
        Tried(MINE.stating(code="CONTAINER:B2"), MINE, TUBE),
    ),
    _labelled(
        "Print a label at the bench for a container that nobody knows",
        "container B2 is not one of batch -",
        Tried(
            MINE.on("label/B2-L1").stating(**said.issued("B2")),
            MINE.on("label/B2-L1").stating(**said.issued("B2")),
            TUBE,
            (bag("B2"),),
        ),
    ),
    _labelled(
        "Verify the label that one printed oneself",
        "was issued by second; someone else has to verify it",
        Tried(READ.made_by(SECOND), READ.made_by("verify"), (*TUBE, MINE.made_by(SECOND), OUT)),
        "FACT-JACIE; 21 CFR 211.130",
    ),
    _labelled(
        "Print a label once more alone",
        "a second person signs for it: reissue",
        Tried(
            MINE.on("label/B1-L2").stating(**said.reissued("B1")),
            AGAIN.signed(proof("perform", "performed"), proof("verify", "verified")),
            (*TUBE, MINE, OUT, SPOILED),
        ),
        "21 CFR 211.125(a), (c)",
    ),
    _labelled(
        "Print a label once more while the first lies about",
        "label B1-L1 is printed; say first what became of it",
        Tried(AGAIN, AGAIN, (*TUBE, MINE, OUT), (SPOILED,)),
        "21 CFR 211.125(c), (d)",
    ),
    _labelled(
        "Send a label to the printer twice",
        "was sent to printer-01; look whether it came out",
        Tried(
            Act("label/B1-L1", "send", {"asset": "printer-01"}),
            OUT,
            (*TUBE, MINE, Act("label/B1-L1", "send", {"asset": "printer-01"})),
        ),
        "21 CFR 211.125(a)",
    ),
    _labelled(
        "Say that a label came out which the program prints",
        "is the program's, which notes its printing by itself",
        Tried(OUT, printed(), (bag(), label("B1"))),
        "21 CFR 211.125(a)",
    ),
    _labelled(
        "Fill product into a bag without a verified label",
        "can't fill B1-1: no label of it is verified",
        Tried(DONE, DONE, (*ONE_CHILD, OF_CHILD, OUT.on("label/B1-1-L1")), (READ_CHILD,)),
        "21 CFR 211.130, 1271.290(c)",
    ),
    _labelled(
        "Count fewer labels than were printed",
        "0 labels printed and 0 destroyed, by the record 1 and 0",
        Tried(
            DONE.stating(labels_printed=0),
            DONE,
            (*ONE_CHILD, OF_CHILD, OUT.on("label/B1-1-L1"), READ_CHILD),
        ),
        "21 CFR 211.125(c)",
    ),
    _labelled(
        "Approve one's own plan of a split after a colleague has touched it",
        "was planned by second; someone else has to approve it",
        Tried(
            Act("split/S1", "approve", by=SECOND),
            Act("split/S1", "approve", by="supervise"),
            (bag(), PLAN.made_by(SECOND), Act("split/S1", "replan", PLAN.body, "perform")),
        ),
        "EU GMP Part IV 9.45; 21 CFR 211.100(a)",
    ),
    _labelled(
        "Close the books over a label that is nowhere",
        "can't be reconciled: label B1-1-L1 is verified",
        Tried(
            Act("split/S1", "reconcile", {"conclusion": "adds up"}, "review"),
            Act("split/S1", "reconcile", {"conclusion": "adds up"}, "review"),
            (*ONE_CHILD, OF_CHILD, OUT.on("label/B1-1-L1"), READ_CHILD, DONE),
            (Act("label/B1-1-L1", "apply", {"container": "B1-1"}),),
        ),
        "21 CFR 211.125(c), (d)",
    ),
)
