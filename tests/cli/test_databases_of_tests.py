"""The ground the database tests stand on."""

import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.db import connection

User = get_user_model()


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_leaves_nothing_behind(turn: int) -> None:
    assert not User.objects.filter(username="left").exists()
    User.objects.create(username="left")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_neither_does_one_that_commits(turn: int) -> None:
    assert not User.objects.filter(username="left").exists()
    User.objects.create(username="left")


def test_other_processes_see_what_was_committed(database_url: str) -> None:
    User.objects.create(username="seen")
    with psycopg.connect(database_url) as other:
        assert other.execute("select username from city.base_user where username = 'seen'").fetchone() == ("seen",)


@pytest.mark.django_db
def test_it_is_the_postgres_we_ship_for(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("show server_version")
        assert int(cursor.fetchone()[0].split(".")[0]) >= 18
        cursor.execute("show fsync")
        assert cursor.fetchone() == ("off",)
