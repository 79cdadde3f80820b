"""Bytes to values and back, pure: bank files, the general ledger and paper."""
