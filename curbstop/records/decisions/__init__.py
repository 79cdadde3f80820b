"""What the council decided: the city, its tariffs, policies and cycle calendar, dated and cited."""
