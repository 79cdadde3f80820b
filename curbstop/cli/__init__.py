"""The `curbstop` command."""
