"""Byte streams to devices, and the link that keeps one command in flight."""

from instruments.transport.link import Exchanged, Link
from instruments.transport.memory import MemoryStream
from instruments.transport.stream import ByteStream

__all__ = ["ByteStream", "Exchanged", "Link", "MemoryStream"]
