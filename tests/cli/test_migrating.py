"""Migrations applied our way leave what Django's own way leaves."""

import os

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from curbstop.cli import database, migrating
from tests.databases import SCHEMA, TestDatabases

CATALOG = (
    "select table_schema, table_name, column_name, data_type, is_nullable, column_default, identity_generation,"
    " ordinal_position from information_schema.columns where table_schema in ('city', 'public') order by 1, 2, 8",
    "select conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable, condeferred"
    " from pg_constraint order by 1, 2",
    "select schemaname, tablename, indexname, indexdef from pg_indexes where schemaname = 'city' order by 1, 2, 3",
    "select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal"
    " order by 1, 2",
    "select relname, relacl::text from pg_class where relnamespace = 'city'::regnamespace order by 1",
    "select app, name from django_migrations order by id",
    "select app_label, model from django_content_type order by id",
)


@pytest.mark.django_db
def test_every_table_has_the_columns_of_its_model() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, array_agg(column_name::text) from information_schema.columns"
            " where table_schema = current_schema() group by 1"
        )
        there = {table: set(columns) for table, columns in cursor.fetchall()}
    models = apps.get_models(include_auto_created=True)
    wanted = {m._meta.db_table: {field.column for field in m._meta.local_concrete_fields} for m in models}
    assert len(wanted) > 150
    assert {table: columns for table, columns in wanted.items() if there.get(table) != columns} == {}


@pytest.mark.django_db
def test_all_migrations_are_recorded() -> None:
    executor = migrating._Executor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    assert set(MigrationRecorder(connection).applied_migrations()) == set(executor.loader.disk_migrations)


def test_a_model_added_is_the_only_one_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    state = migrating._State.from_apps(apps).clone()
    assert isinstance(state.clone(), migrating._State)
    assert len(state.apps.get_models()) > 150  # all are drawn once
    drawn: list[set[tuple[str, str]]] = []
    monkeypatch.setattr(ProjectState, "_reload", lambda self, models: drawn.append(models))
    key = ("customers", "account")
    state.add_model(state.models[key])
    state.add_field(*key, "number", state.models[key].fields["number"], True)
    state.alter_model_options(*key, {})
    assert drawn[:2] == [{key}, {key}]
    assert len(drawn[2]) > 20  # what we do not know to be one model's is Django's to judge


@pytest.mark.skipif(os.environ.get("CURBSTOP_LAWS") != "new", reason="a law: make laws")
def test_the_schema_is_the_one_that_django_makes(transactional_db: None, test_databases: TestDatabases) -> None:
    found = []
    before = test_databases._point_at("postgres")
    for name, apply in (("by_us", migrating.apply_migrations), ("by_django", _as_django)):
        database.make_database(test_databases.cluster.url(name), SCHEMA)
        test_databases._point_at(name)
        apply()
        with connection.cursor() as cursor:
            found.append([(cursor.execute(sql), cursor.fetchall())[1] for sql in CATALOG])
    test_databases._point_at(before)
    for ours, theirs in zip(*found, strict=True):
        assert ours == theirs


def _as_django() -> None:
    call_command("migrate", verbosity=0, interactive=False)
