"""The queue: what the desk asks for is done by a worker, and done again when its worker died."""

import signal
import time
from pathlib import Path

import psycopg
import pytest
from procrastinate.contrib.django import app

from curbstop.worker import tasks
from tests.cli.commands import begin


def wait_for_status(url: str, job: int, wanted: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            row = connection.execute("select status from city.procrastinate_jobs where id = %s", [job]).fetchone()
            if (row[0] if row else "gone") == wanted:
                return
            assert time.monotonic() < until, f"job {job} is {row}, not {wanted}"
            time.sleep(0.1)


def test_the_names_that_the_desk_asks_for_are_known() -> None:
    assert {"bills.calculate", "bills.post"} <= set(app.tasks)
    assert app.tasks["bills.post"] is tasks.post


@pytest.fixture
def worker(database_url: str, tmp_path: Path):  # type: ignore[no-untyped-def]
    process = begin("worker", home=tmp_path, out=tmp_path / "said", CURBSTOP_DATABASE_URL=database_url)
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0, (tmp_path / "said").read_text()
    assert "Traceback" not in (tmp_path / "said").read_text()


def test_a_job_is_taken_and_a_refusal_ends_it_in_one_line(database_url: str, worker) -> None:  # type: ignore[no-untyped-def]
    job = app.configure_task(name="bills.post", lock="run:7").defer(run=7)
    wait_for_status(database_url, job, "aborted")


def test_a_job_whose_worker_died_is_begun_again(database_url: str, worker) -> None:  # type: ignore[no-untyped-def]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("set search_path = city, public")
        row = connection.execute("insert into procrastinate_workers default values returning id").fetchone()
        assert row
        dead = row[0]
        connection.execute(
            "update procrastinate_workers set last_heartbeat = now() - interval '1 hour' where id = %s", [dead]
        )
        row = connection.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args, status, worker_id)"
            " values ('default', 'bills.post', '{\"run\": 7}', 'doing', %s) returning id",
            [dead],
        ).fetchone()
        assert row
    wait_for_status(database_url, row[0], "aborted")
