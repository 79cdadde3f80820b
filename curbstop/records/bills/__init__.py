"""Bill runs, their plan and outcomes, and the bills issued."""
