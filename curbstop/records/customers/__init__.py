"""Who is served and where: customers, accounts, premises, service points, agreements."""
