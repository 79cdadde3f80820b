"""`curbstop worker`: the queue's reader. `curbstop serve` starts one; a larger office may start more."""

import asyncio

import click
from procrastinate import App

from curbstop.cli import database


@click.command()
@click.option("--at-once", default=1, show_default=True, type=click.IntRange(1, 32), help="Jobs at the same time.")
def worker(at_once: int) -> None:
    """Work through the queue until stopped: bill runs that were asked for, and what the outbox holds."""
    with database.city():
        from procrastinate.contrib.django import app

        asyncio.run(_work(app, at_once))


async def _work(app: App, at_once: int) -> None:
    from curbstop.worker import tasks

    # Jobs are taken over an asynchronous connection that can LISTEN; the jobs themselves use Django's.
    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        async with app.open_async():
            looking = asyncio.create_task(tasks.take_up_stalled(app))
            try:
                await app.run_worker_async(
                    concurrency=at_once,
                    update_heartbeat_interval=tasks.HEARTBEAT_SECONDS,
                    stalled_worker_timeout=tasks.STALLED_SECONDS,
                    delete_jobs="successful",
                )
            finally:
                looking.cancel()
