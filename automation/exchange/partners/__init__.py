"""What the programs of partners send in signed messages: read here, checked at the door."""
