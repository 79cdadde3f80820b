"""The tests: one folder a floor; `tidy` for the house style."""
