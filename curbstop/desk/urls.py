"""Addresses of the staff screens: ``/noun/...``, named ``noun`` or ``noun-verb``."""

from django.urls import path

from curbstop.desk import customers, moves, payments, reads, runs, search, today

urlpatterns = [
    path("", today.today, name="today"),
    path("day/open/", today.open_day, name="today-open"),
    path("keys/", today.keys, name="keys"),
    path("search/", search.search, name="search"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<number>/", customers.account, name="customers-account"),
    path("customers/<number>/<what>/", customers.history, name="customers-history"),
    # STUB
    path("customers/<number>/note/", today.keys, name="customers-note"),
    path("moves/start/", moves.start, name="moves-start"),
    path("moves/start/<int:premise>/", moves.apply, name="moves-apply"),
    path("moves/started/<number>/", moves.started, name="moves-started"),
    path("payments/", payments.payments_page, name="payments"),
    path("payments/take/<number>/", payments.take, name="payments-take"),
    path("payments/receipt/<int:id>/", payments.receipt, name="payments-receipt"),
    path("payments/receipt/<int:id>/slip.pdf", payments.receipt_pdf, name="payments-slip"),
    path("payments/receipt/<int:id>/reverse/", payments.reverse, name="payments-reverse"),
    path("tills/", payments.tills_page, name="tills"),
    path("tills/open/", payments.open_till, name="tills-open"),
    path("reads/", reads.reads_page, name="reads"),
    path("reads/decide/", reads.decide, name="reads-decide"),
    path("reads/enter/", reads.enter, name="reads-enter"),
    path("reads/preview/", reads.preview, name="reads-preview"),
    path("reads/sheet/<cycle>/<route>/", reads.sheet, name="reads-sheet"),
    path("bills/", runs.runs, name="bills"),
    path("bills/runs/plan/", runs.plan, name="bills-plan"),
    path("bills/runs/<int:id>/", runs.run, name="bills-run"),
    path("bills/runs/<int:id>/progress/", runs.progress, name="bills-progress"),
    path("bills/runs/<int:id>/calculate/", runs.calculate, name="bills-calculate"),
    path("bills/runs/<int:id>/review/", runs.review, name="bills-review"),
    path("bills/runs/<int:id>/approve/", runs.approve, name="bills-approve"),
    path("bills/runs/<int:id>/post/", runs.post, name="bills-post"),
    path("bills/runs/<int:id>/bills.pdf", today.keys, name="bills-batch"),
    path("bills/<int:id>/", today.keys, name="bills-bill"),
    path("tariffs/", today.keys, name="tariffs"),
    path("tariffs/<code>/", today.keys, name="tariffs-tariff"),
]
