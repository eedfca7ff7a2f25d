"""Driver of a Cedex HiRes through the folder into which it exports its results; nothing is commanded.

Wire:   result files (see ``wire``).
Units:  cells/mL, %; s.
Source: rules for dropped files: complete when size and time stand still, hashed before parsing, the original kept,
        matched by sample alone, the same bytes noted once.
"""

from instruments.drivers.cedex_hires import wire
from instruments.drivers.folder_counter import Model

FACTORY = Model(maker="Roche", model="Cedex HiRes", reader=wire.READER).factory()
