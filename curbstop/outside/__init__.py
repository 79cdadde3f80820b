"""The outside world, thin: mail, text messages, cards, bank, storage; never called inside a transaction."""
