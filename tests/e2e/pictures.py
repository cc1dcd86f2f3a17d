"""Pictures of the pages that tests take on their way, for people to look at: build/reports/pages/NAME.png."""
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "build/reports/pages"


def keep(browser, name):
    """The page as it is shown now, once it has drawn itself; returns where the picture is."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    # A frame that was drawn, and pictures that have come or failed.
    browser.run("Promise.all([...document.images].filter((image) => !image.complete && image.loading !== 'lazy').map((image) =>"
                " new Promise((done) => image.onload = image.onerror = done)))"
                ".then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0)))))")
    browser.screenshot(FOLDER / f"{name}.png")
    return FOLDER / f"{name}.png"
