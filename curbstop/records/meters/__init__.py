"""Meters, where they were installed, what they read, and the sewer averages made from it."""
