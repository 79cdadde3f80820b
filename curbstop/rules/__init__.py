"""What is right: pure functions of values. No Django, database, clock, chance, file or network."""
