"""Driver of a BioProfile FLEX2 through the folder into which it exports its results; nothing is commanded.

Wire:   result files (see ``wire``).
Units:  those of the file, else those that the site states.
Source: rules for dropped files: complete when size and time stand still, hashed before parsing, the original kept,
        matched by sample alone, the same bytes noted once.
"""

from instruments.drivers.flex2 import wire
from instruments.drivers.folder_analyser import Model

FACTORY = Model(
    maker="Nova Biomedical", model="BioProfile FLEX2", reader=wire.READER, suffixes=(".csv",), unstated=wire.UNSTATED
).factory()
