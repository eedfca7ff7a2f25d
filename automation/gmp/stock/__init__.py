"""What stands beside a lot of material: what is stated of it, its amounts, its examination, its acceptance, picking."""
