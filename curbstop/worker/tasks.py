"""The jobs that the queue runs. Each is one call of the office, or sends one message of the outbox."""

from procrastinate.contrib.django import app as app
