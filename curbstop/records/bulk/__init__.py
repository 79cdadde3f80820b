"""Many rows at once: arrays out of the database, binary COPY in. Only bill runs and loads of history come here."""
