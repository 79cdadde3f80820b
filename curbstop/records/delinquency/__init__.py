"""The ladder and its holds: no table yet; the room is kept so that the order of tables stands."""
