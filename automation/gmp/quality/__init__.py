"""Quality: deviations and the time limits that open them."""
