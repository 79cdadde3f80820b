"""What is remembered: tables, constraints and migrations, no decisions. Only the office opens this floor."""
