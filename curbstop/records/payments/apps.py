from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "curbstop.records.payments"
    label = "payments"
    default_auto_field = "django.db.models.BigAutoField"
