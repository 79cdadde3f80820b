"""Addresses of the staff screens."""

from typing import Any

urlpatterns: list[Any] = []
