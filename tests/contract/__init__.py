"""The same suite on every transport, fake and device."""
