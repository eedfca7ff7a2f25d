"""Ground floor: units, clock, identifiers, errors, effects and state machines."""
