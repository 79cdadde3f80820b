"""Migrations applied in the time that their SQL takes.

Django draws its picture of all models anew for whatever a migration touches: a table with a key to the event draws each
table with a key to the event again, and by the hundredth migration that is nine tenths of the time (fifteen thousand
models drawn for a database of a hundred and fifty). A table made, a column, a constraint or an index added says nothing
about the tables that point there, so here only that one is drawn again; what may concern others is left to Django. The
statements are Django's own, from the same migrations, in the same order (docs/decisions/155).
"""

from typing import Any

import click
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState


def apply_migrations() -> None:
    """Apply the migrations that Django's connection has not had yet, as ``migrate`` would.

    :raises click.ClickException: two migrations of one app follow the same one, which only a developer can cause
    """
    from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal

    connection.prepare_database()
    executor = _Executor(connection)
    executor.loader.check_consistent_history(connection)
    if conflicts := executor.loader.detect_conflicts():
        names = "; ".join(f"{', '.join(found)} in {app}" for app, found in sorted(conflicts.items()))
        raise click.ClickException(
            f"Migrations that follow the same one: {names}. Number one of each after the other, and name the other in"
            " its dependencies."
        )
    targets = executor.loader.graph.leaf_nodes()
    plan = executor.migration_plan(targets)
    before = executor._create_project_state(with_applied_migrations=True)
    emit_pre_migrate_signal(0, False, connection.alias, apps=before.apps, plan=plan)
    after = executor.migrate(targets, plan=plan, state=before.clone())
    after.clear_delayed_apps_cache()
    emit_post_migrate_signal(0, False, connection.alias, apps=after.apps, plan=plan)


class _State(ProjectState):
    """The models as the migrations so far leave them; what concerns one model alone draws that one alone."""

    _alone = False

    def clone(self) -> "_State":
        copy: _State = super().clone()  # type: ignore[assignment]
        copy.__class__ = _State
        return copy

    def add_model(self, model_state: Any) -> None:
        self._alone = True
        super().add_model(model_state)
        self._alone = False

    def add_field(self, app_label: str, model_name: str, name: str, field: Any, preserve_default: bool) -> None:
        self._alone = not field.primary_key
        super().add_field(app_label, model_name, name, field, preserve_default)
        self._alone = False

    def _append_option(self, app_label: str, model_name: str, option_name: str, obj: Any) -> None:
        self._alone = True
        super()._append_option(app_label, model_name, option_name, obj)  # type: ignore[misc]
        self._alone = False

    def _remove_option(self, app_label: str, model_name: str, option_name: str, obj_name: str) -> None:
        self._alone = True
        super()._remove_option(app_label, model_name, option_name, obj_name)  # type: ignore[misc]
        self._alone = False

    def _find_reload_model(self, app_label: str, model_name: str, delay: bool = False) -> set[tuple[str, str]]:
        if not self._alone or self._is_inherited(app_label, model_name):
            return super()._find_reload_model(app_label, model_name, delay)  # type: ignore[misc,no-any-return]
        self.is_delayed = True  # whoever wants all models at the end draws them anew
        return {(app_label, model_name)}

    def _is_inherited(self, app_label: str, model_name: str) -> bool:
        name = f"{app_label}.{model_name}"
        return any(isinstance(base, str) and base.lower() == name for m in self.models.values() for base in m.bases)


class _Executor(MigrationExecutor):
    def _create_project_state(self, with_applied_migrations: bool = False) -> _State:
        state: _State = super()._create_project_state(with_applied_migrations)  # type: ignore[misc]
        state.__class__ = _State
        return state
