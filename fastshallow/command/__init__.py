"""The command ``fastshallow``."""
