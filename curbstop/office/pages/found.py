"""What a screen says when there is nothing where somebody looked."""


class NotThere(LookupError):
    """There is no such account, bill, receipt...; the message says what was looked for and what to do."""
