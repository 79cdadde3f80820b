"""Field work: no table yet; the room is kept so that the order of tables stands."""
