"""Customer screens."""
