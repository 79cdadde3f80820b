"""Contacts and cases: no table yet; the room is kept so that the order of tables stands."""
