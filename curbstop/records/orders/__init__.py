"""Field work: orders, their plans and ends, hazards of a place, whether water runs."""
