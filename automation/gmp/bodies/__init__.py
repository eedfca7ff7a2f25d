"""What is stated of assets and rooms, beside the objects that it is stated of."""
