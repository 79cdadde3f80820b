"""What people do: one function, one act, one transaction, one event. Also the reads that screens need."""
