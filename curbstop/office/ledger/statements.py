"""Statements prepared once a connection, under the name that acts over the books know them by."""

from curbstop.office._statements import array, ask, ask_all, words

__all__ = ["array", "ask", "ask_all", "words"]
