"""The billing and customer-service office of a city utility."""

__version__ = "0.1.0"
