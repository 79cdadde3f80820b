"""The house style, checked. Every check is shown to fail on a bad sample."""
