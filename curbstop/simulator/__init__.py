"""A seeded town that lives day by day through the office's own acts."""
