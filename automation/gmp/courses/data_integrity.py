"""Data integrity: what ALCOA+ asks of everybody who records anything; questions of version 1.

Source: named with each answer.
"""

from automation.gmp.courses.course import Course, Question

_FDA = "FDA, Data Integrity and Compliance With Drug CGMP, Q&A (2018)"
_PICS = "PIC/S PI 041-1 (2021)"

DATA_INTEGRITY_1 = Course(
    "data-integrity@1",
    "Data integrity at the bench",
    "data_integrity_1.md",
    (
        Question(
            "attributable",
            "Your trainer is still logged in at the balance and you weigh the next bag. What do you do?",
            (
                "Enter the mass under the trainer's name, since the trainer is responsible for you",
                "Enter it under the trainer's name and write your initials into the remark",
                "Let the trainer log out, log in yourself, and enter it",
                "Remember the mass and enter it later under your own name",
            ),
            "c",
            "Who did it has to be seen from the record; an account belongs to one person.",
            f"21 CFR 11.10(d), 211.68(b); {_FDA}, question 5",
        ),
        Question(
            "contemporaneous",
            "At 16:00 you notice that the count of 14:10 was not entered. The value stands on the print-out. You ...",
            (
                "enter it with the time 14:10, since that is when it was done",
                "enter it as a late entry with both times and the reason, and attach the print-out",
                "count once more and enter the new value, so that the time is right",
                "leave it out: what was not recorded in time does not exist",
            ),
            "b",
            "A late entry says when it was done and when it was entered. A new count is another datum.",
            f"21 CFR 211.100(b); {_PICS}, chapter 8",
        ),
        Question(
            "original",
            "The terminal is busy and you note a temperature on your glove, then enter it. The glove is ...",
            (
                "the first record: say so, keep what it says, and do not work that way",
                "waste, since the entry is the record",
                "allowed if you enter it within an hour",
                "allowed if a colleague has seen it",
            ),
            "a",
            "Where a datum stands first is the original record; notes on what is thrown away are not allowed.",
            f"21 CFR 211.180, 211.188(b); {_FDA}, question 12",
        ),
        Question(
            "complete",
            "A viability of 68 % is below the limit. You count again and get 74 %, which meets it. What is recorded?",
            (
                "74 %, since the later value is the better one",
                "The mean of both",
                "74 %, and 68 % in your notebook",
                "Both, and an investigation says which counts and why",
            ),
            "d",
            "All data of all tests belong to the record; one is set aside only with a cause that was shown.",
            f"21 CFR 211.194(a), 211.192; {_FDA}, question 2",
        ),
        Question(
            "accurate",
            "The incubator reads 36.4 degC. The last twenty entries all say 37.0. You enter ...",
            (
                "37.0, since that is its set point",
                "36.4",
                "nothing, until it reads 37.0",
                "37.0 with the remark 'about'",
            ),
            "b",
            "What is on the display is what is recorded; that twenty readings never scatter is worth reporting.",
            "21 CFR 211.188(b), 211.68(a)",
        ),
        Question(
            "correction",
            "You typed 12.5 mL instead of 15.2 mL and see it a minute later. You ...",
            (
                "ask an administrator to delete the entry",
                "correct it: the old value, the new one, who, when and why stay visible",
                "leave it, and use 15.2 mL from here on",
                "start the step again, so that the record is clean",
            ),
            "b",
            "A correction never hides what was there before, and has its reason.",
            "21 CFR 11.10(e); EU GMP chapter 4, 4.9",
        ),
        Question(
            "correction of others",
            "You see that a colleague, who has left for today, entered a wrong lot number. You ...",
            (
                "correct it, since you know the right one",
                "log in as the colleague by phone and correct it",
                "report it; it is corrected by its author or by a second person, with reason and signature",
                "wait: the review will find it",
            ),
            "c",
            "Nobody sets another's entry right alone or under another's name, and nobody keeps a known error back.",
            f"21 CFR 11.10(e), 11.100(a); {_PICS}, chapter 8",
        ),
        Question(
            "signature",
            "You are asked to sign 'verified' for a label that was scanned half an hour ago. You ...",
            (
                "sign, since the scan is on record",
                "sign, with the remark that you were not there",
                "sign if you trust the person",
                "do not sign: verified means that you looked yourself, at the time",
            ),
            "d",
            "A signature has a meaning, and binds like one by hand.",
            "21 CFR 11.50(a)(3), 11.100; 211.188(b)(11)",
        ),
        Question(
            "trial runs",
            "Before the counting of the sample you want to see whether the counter behaves. You ...",
            (
                "count a bit of the sample first and throw the file away",
                "count a bit of the sample under the name 'test'",
                "run the recorded check with control beads, and keep its result",
                "count the sample three times and record the best",
            ),
            "c",
            "There are no unofficial samples: a check of an instrument has its procedure, and all files are kept.",
            f"21 CFR 211.160, 211.194; {_FDA}, question 13",
        ),
        Question(
            "recording ahead",
            "The fill takes two hours and always goes well. When are its entries made?",
            (
                "At its begin, so that the hands are free later",
                "Each when what it says has been done or seen",
                "At its end, all in one",
                "At the end of the shift, by whoever has time",
            ),
            "b",
            "An entry about what has not happened is false, also when it comes true.",
            "21 CFR 211.100(b), 211.188(b)",
        ),
        Question(
            "pressure",
            "Your supervisor tells you to enter 'bag intact', since there is no time to look. You ...",
            (
                "enter it, and look afterwards",
                "enter it, and note for yourself who said so",
                "look, and enter what you see; if that is prevented, you say no and report it",
                "leave the entry to your supervisor",
            ),
            "c",
            "Nobody may have others record what is not so; to report it needs no right and has no bad consequence.",
            f"{_PICS}, chapter 6; EU GMP chapter 2, 2.1",
        ),
        Question(
            "audit trail",
            "What is the audit trail of a batch for?",
            (
                "For the IT department, when something is broken",
                "It shows what was created and changed, by whom, when and why, and is reviewed before release",
                "For inspectors only",
                "It may be switched off while an instrument is maintained",
            ),
            "b",
            "It is part of the record, is always on, and is looked at with the batch.",
            f"21 CFR 11.10(e), 211.188, 211.192; Annex 11, 9; {_FDA}, questions 7 and 8",
        ),
    ),
)
