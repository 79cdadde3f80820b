"""Receipts, tenders, tills and the deposits asked for."""
