from django.apps import AppConfig


class MetersConfig(AppConfig):
    name = "curbstop.records.meters"
    label = "meters"
    default_auto_field = "django.db.models.BigAutoField"
