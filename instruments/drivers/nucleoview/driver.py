"""Driver of a NucleoView through the folder into which it exports its results; nothing is commanded.

Wire:   result files (see ``wire``).
Units:  cells/mL, %; s.
Source: rules for dropped files: complete when size and time stand still, hashed before parsing, the original kept,
        matched by sample alone, the same bytes noted once.
"""

from instruments.drivers.folder_counter import Model
from instruments.drivers.nucleoview import wire

FACTORY = Model(maker="ChemoMetec", model="NucleoView", reader=wire.READER).factory()
