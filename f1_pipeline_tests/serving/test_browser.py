"""The pages in a real Chromium, on real data: phones and desks, light and dark, every link, axe."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from f1_pipeline_tests.cli.conftest import Home, ran  # noqa: F401
from f1_pipeline_tests.serving import plans
from f1_pipeline_tests.serving.pages.world import World
from f1_pipeline_tests.serving.process import Served, served

pytestmark = pytest.mark.journey
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Chromium's own requests to its maker are none of the page's.
OPTIONS = [
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-first-run", "--disable-gpu"),
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]
RACE = "2025-monaco"
PAGES = (
    "/",
    f"/race/{RACE}",
    f"/race/{RACE}?horizon=pre_weekend",
    "/season/2025",
    "/docs",
    "/race/1999-none",
)
WIDTHS = (390, 1440)


def _program() -> str | None:
    """A Chromium of this machine's, or the one that `playwright install chromium` has fetched."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as driver:
        path = driver.chromium.executable_path
    return path if Path(path).exists() else None


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = _program()
    if program is None:
        pytest.skip("no Chromium: install Debian's chromium, or `playwright install chromium`")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(
    ran: tuple[Home, object],  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ran[0].folder, folder / "home")
    home = Home(folder / "home", **ran[0].variables | {"F1_DATA_DIR": str(folder / "home")})
    # In a process of its own: the browser's driver has an event loop running in this one.
    done = home.call_apart("predict", "--event", RACE)
    assert done.code == 0, done.err
    world = World.at(f"sqlite:///{home.folder}/warehouse.db")
    plans.publish(world, ["lando-norris", "charles-leclerc"], RACE)
    with served(home.variables, folder) as server:
        yield server


class Visit:
    """A page that was opened, with what it complained of and whom it asked."""

    def __init__(self, context: BrowserContext, site: Served) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self._host = urlsplit(site.url).netloc
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._see)

    def _hear(self, message: object) -> None:
        # A page that is not there is told of in the console, too: that is no fault of the page.
        kind, text = getattr(message, "type"), getattr(message, "text")  # noqa: B009
        if kind in ("error", "warning") and "404" not in text:
            self.complaints.append(text)

    def _see(self, request: object) -> None:
        parts = urlsplit(getattr(request, "url"))  # noqa: B009
        if parts.scheme != "data" and parts.netloc != self._host:
            self.strangers.append(parts.geturl())


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_quiet_and_accessible(browser, site, path, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    visit = Visit(context, site)
    answer = visit.page.goto(site.url + path, wait_until="networkidle")
    assert answer is not None
    assert answer.status == (404 if "1999" in path else 200)
    assert answer.headers["content-type"].startswith("text/html")
    assert visit.page.locator("h1").count() == 1
    for details in visit.page.locator("details").all():
        details.evaluate("element => element.open = true")
    wide = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"the page is {wide} px wider than the screen"
    found = Axe().run(visit.page)
    assert found.violations_count == 0, found.generate_report()
    assert visit.complaints == []
    assert visit.strangers == []
    context.close()


def test_every_link_leads_somewhere(browser, site):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    seen, ahead = set[str](), ["/"]
    while ahead:
        path = ahead.pop()
        answer = page.goto(site.url + path)
        assert answer.status == 200, path
        for link in page.locator("a[href]").all():
            href = urlsplit(str(link.get_attribute("href")))
            assert href.netloc in ("", urlsplit(site.url).netloc), href
            target = href.path + (f"?{href.query}" if href.query else "")
            if not href.path or target in seen:
                continue
            seen.add(target)
            # The pages of other seasons are the same page: they are asked for, not gone through.
            is_page = target.startswith(("/race/2026", "/race/2025", "/season/2025", "/docs"))
            if is_page:
                ahead.append(target)
            else:
                asked = context.request.get(site.url + target)
                assert asked.status == 200, f"{target}, linked from {path}"
    assert f"/race/{RACE}" in seen
    assert {"/season/2025", "/docs", "/health", "/models"} <= seen
    context.close()


def test_it_is_read_by_keyboard(browser, site):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(site.url + f"/race/{RACE}")
    page.keyboard.press("Tab")
    focused = "document.activeElement.textContent.trim()"
    assert page.evaluate(focused) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    closed = page.locator("details:not([open])")
    before = closed.count()
    closed.first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert closed.count() == before - 1
    context.close()


def test_the_content_policy_lets_the_pages_own_style_through(browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.url + "/")
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
    context.close()
