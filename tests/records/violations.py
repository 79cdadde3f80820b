"""One violation a constraint, and a check that none is forgotten."""

from collections.abc import Callable, Mapping

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

Violations = Mapping[str, Callable[[], object]]


def refused(name: str, violate: Callable[[], object]) -> None:
    """What ``violate`` does is refused by the constraint of this name, and by no other."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        violate()
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
    assert refusal.value.__cause__.diag.constraint_name == name, str(refusal.value)


def all_constraints(app: str) -> set[str]:
    """Every constraint of the app's tables that the database keeps: checks, exclusions, and unique indexes that are not
    primary keys; and the tables whose rows are never changed."""
    tables = [model._meta.db_table for model in apps.get_app_config(app).get_models()]
    with connection.cursor() as cursor:
        cursor.execute(
            "select conname from pg_constraint"
            " where conrelid = any(%(tables)s::regclass[]) and contype in ('c', 'x', 'u')"
            " union select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid"
            " where i.indrelid = any(%(tables)s::regclass[]) and i.indisunique and not i.indisprimary"
            " union select tgrelid::regclass::text || '_never_changes' from pg_trigger"
            " where tgrelid = any(%(tables)s::regclass[]) and tgname = 'never_changes'",
            {"tables": tables},
        )
        return {row[0] for row in cursor.fetchall()}
