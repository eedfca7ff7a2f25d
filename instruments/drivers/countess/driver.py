"""Driver of a Countess 3 or 3 FL through the folder into which its results are saved; nothing is commanded.

Wire:   result files (see ``wire``).
Units:  cells/mL, %; s.
Source: rules for dropped files: complete when size and time stand still, hashed before parsing, the original kept,
        matched by sample alone, the same bytes noted once.
"""

from instruments.drivers.countess import wire
from instruments.drivers.folder_counter import Model, described

FACTORY = Model(
    maker="Thermo Fisher Scientific",
    model="Countess 3",
    reader=wire.READER,
    support=described("Thermo Fisher, Countess 3 FL user guide MAN0019567, appendix E"),
).factory()
