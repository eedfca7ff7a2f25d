"""The same devices at the other end of the cable."""
