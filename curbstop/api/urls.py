"""Addresses of the JSON door: ``/api/v1/...``. Written down in docs/reference/api.md."""

from django.urls import path

from curbstop.api import robots, webhooks

urlpatterns = [
    path("gateways/<gateway>/", webhooks.hear, name="api-gateway"),
    path("look-up/", robots.look_up, name="api-look-up"),
    path("payments/", robots.post_payment, name="api-payments"),
]
