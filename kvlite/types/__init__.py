"""The commands, one file for each type: its methods, the private halves beneath them, its effects."""
