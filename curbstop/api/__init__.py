"""JSON: the same acts with the same keys."""
