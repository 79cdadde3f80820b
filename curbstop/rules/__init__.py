"""What is right: pure rules, values in and values out; no Django, database, clock, chance, file or network."""
