"""What leaves the house: gateways, mail, text messages."""
