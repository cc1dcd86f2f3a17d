"""axe-core on a page in a real browser: what of it somebody could not use. The file comes from node_modules and is run over
the debugging socket, so that the page's content security policy stays as it is."""
import json
from pathlib import Path

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
GRAVE = ("serious", "critical")
RUN = """axe.run(document, {preload: false, resultTypes: ["violations"]}).then((results) => JSON.stringify(
  results.violations.map(({id, impact, help, nodes}) =>
    ({id, impact, help, where: nodes.slice(0, 5).map((node) => `${node.target} ${node.failureSummary}`)}))))"""


def violations(browser):
    """The serious and critical ones of the page as it is shown now: [{id, impact, help, where}]."""
    if not browser.run("!!window.axe"):
        assert AXE.exists(), f"{AXE} is not there: npm ci (script/setup)"
        browser.run(AXE.read_text() + ";0")
    # What fades in has its last colours only afterwards.
    browser.run("Promise.allSettled(document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime < 5000)"
                ".map((each) => each.finished)).then(() => 0)")
    return [found for found in json.loads(browser.run(RUN)) if found["impact"] in GRAVE]
