"""Fuzzing: every grammar, reader and parser of the project against damaged and made-up input; see docs/fuzzing.md."""
