"""The rules of the house that a machine can check, as tests over the source itself."""
