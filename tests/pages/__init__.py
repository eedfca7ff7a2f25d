"""The pages that lead an author by the hand, followed to the letter."""
