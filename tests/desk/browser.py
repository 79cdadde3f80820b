"""A real browser for the tests of screens: people signed in, keys pressed, axe, pictures.

Pictures of every screen are written to the folder that CURBSTOP_SHOTS names.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect, sync_playwright

expect.set_options(timeout=20_000)  # a busy machine is not a fault

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), None)
WIDTHS = (1440, 1024, 390)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # the browser's driver runs a loop in this thread, beside which Django would refuse the database
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_as(browser: Browser, live_server) -> Iterator[Open]:  # type: ignore[no-untyped-def]
    """A page that somebody is signed in on; what goes wrong in its console fails the test."""
    said: list[str] = []
    contexts = []

    def open(name: str = "cleo", width: int = 1440, **options: object) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            base_url=live_server.url,
            **options,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text) if _is_bad(message) else None)
        from curbstop.records.base.models import User

        client = Client()  # the sign-in page has its own test
        client.force_login(User.objects.get(username=name))
        session = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": session.key, "value": session.value, "url": live_server.url}])
        page.goto("/")
        return page

    yield open
    for context in contexts:
        context.close()
    assert said == []


def _is_bad(message) -> bool:  # type: ignore[no-untyped-def]
    """An error of ours; an answer that was overtaken by the next letter, and a page that is not there, are none."""
    return message.type == "error" and "htmx:" not in message.text and "404" not in message.text


SETTLED = """() => window.settled ||= new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"""
"""Once a document: wait for the frame in which the browser puts the cursor into its first field."""


def keys(page: Page, *presses: str) -> None:
    page.wait_for_load_state("load")  # the keys work once the script has run
    page.evaluate(SETTLED)
    for press in presses:
        if press.startswith('"'):
            page.keyboard.type(press.strip('"'), delay=5)
        else:
            page.keyboard.press(press)


def shot(page: Page, name: str) -> None:
    if folder := os.environ.get("CURBSTOP_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def violations(page: Page, only: list[str] | None = None) -> list[str]:
    """What axe finds, by all its rules or by some. Only what is wrong is sent back: the rest is most of the time."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"]} | ({"runOnly": only} if only else {})
    return list(page.evaluate(AXE, options))


AXE = """async (options) => (await axe.run(options)).violations.map((v) =>
  `${v.id}: ${v.help} at ${JSON.stringify(v.nodes.slice(0, 3).map((node) => node.target))}`)"""


def look_at(open_as: Open, screens: Mapping[str, tuple[str, str]]) -> list[str]:
    """Every screen, by name: who looks, and where. What axe finds in light and dark; what is wider than its window."""
    pages: dict[str, Page] = {}
    faults = []
    for name, (who, address) in screens.items():
        if who not in pages:
            pages[who] = open_as(who)
        page = pages[who]
        answer = page.goto(address)
        assert answer is not None and answer.status == (404 if name == "not-there" else 200), (name, answer)
        faults += [f"{name}: {fault}" for fault in violations(page)]
        for width in WIDTHS[1:]:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                faults.append(f"{name} is wider than {width}")
            shot(page, f"{name}-{width}")
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        shot(page, f"{name}-{WIDTHS[0]}")
        page.emulate_media(color_scheme="dark")
        faults += [f"{name} in the dark: {fault}" for fault in violations(page, only=["color-contrast"])]
        shot(page, f"{name}-{WIDTHS[0]}-dark")
        page.emulate_media(color_scheme="light")
    return faults
