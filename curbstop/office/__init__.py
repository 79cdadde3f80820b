"""What people do: one function, one act, one transaction, one event."""
