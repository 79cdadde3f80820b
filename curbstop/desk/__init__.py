"""Staff screens, rendered by the server."""
