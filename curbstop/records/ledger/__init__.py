"""The books: one table of postings, append-only, balanced per fund by the database."""
