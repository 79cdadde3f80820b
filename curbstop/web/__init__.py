"""Settings, addresses and the WSGI entry: wiring only."""
