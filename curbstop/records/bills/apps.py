from django.apps import AppConfig


class BillsConfig(AppConfig):
    name = "curbstop.records.bills"
    label = "bills"
    default_auto_field = "django.db.models.BigAutoField"
