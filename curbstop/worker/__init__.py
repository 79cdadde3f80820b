"""The clock and the queue: schedules, runs, and sending what the outbox holds."""
