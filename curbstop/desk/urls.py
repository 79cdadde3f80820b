"""Addresses of the staff screens: ``/noun/...``, named ``noun`` or ``noun-verb``."""

from django.urls import path

from curbstop.desk import customers, search, today

urlpatterns = [
    path("", today.today, name="today"),
    path("keys/", today.keys, name="keys"),
    path("search/", search.search, name="search"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<number>/", customers.account, name="customers-account"),
    path("customers/<number>/<what>/", customers.history, name="customers-history"),
    # STUB
    path("customers/<number>/note/", today.keys, name="customers-note"),
    path("moves/start/", today.keys, name="moves-start"),
    path("payments/", today.keys, name="payments"),
    path("payments/take/<number>/", today.keys, name="payments-take"),
    path("payments/receipt/<int:id>/", today.keys, name="payments-receipt"),
    path("tills/", today.keys, name="tills"),
    path("reads/", today.keys, name="reads"),
    path("bills/", today.keys, name="bills"),
    path("bills/runs/<int:id>/", today.keys, name="bills-run"),
    path("bills/<int:id>/", today.keys, name="bills-bill"),
    path("tariffs/", today.keys, name="tariffs"),
    path("tariffs/<code>/", today.keys, name="tariffs-tariff"),
]
