"""Many rows at once: arrays out of the database, binary COPY into it. No tables of its own."""
