"""The ladder: late charges so far. Holds, notices and cut-offs have their room here."""
