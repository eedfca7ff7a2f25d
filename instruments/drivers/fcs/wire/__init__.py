"""FCS files: segments and keywords, then events."""
