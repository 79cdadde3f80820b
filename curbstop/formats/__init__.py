"""Floor 2: bytes to values and values to bytes, pure: no database, clock, chance, file or network.

`scanline` writes and reads the line a remittance machine reads; `paper` draws bills and receipts; `usage_chart` draws
the 13-period picture that the desk, the portal and the printed bill share.
"""
