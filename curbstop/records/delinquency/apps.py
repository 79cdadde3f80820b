from django.apps import AppConfig


class DelinquencyConfig(AppConfig):
    name = "curbstop.records.delinquency"
    label = "delinquency"
    default_auto_field = "django.db.models.BigAutoField"
