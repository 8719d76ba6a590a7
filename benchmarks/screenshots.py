"""Pictures of the chat for the README: ``docs/desktop.png`` and ``docs/phone.png``.

    python -m benchmarks.screenshots

A server over the documents that come along, looked at in Chromium.
"""

from __future__ import annotations

import shutil
import sys
from typing import Any

from benchmarks import machine
from benchmarks.crowd import server

QUESTIONS = ("what does the US expect from Europe?", "And the other way round?")
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
}


def main() -> int:
    """Take them all."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium")
    with server() as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        for name, size in SIZES.items():
            page = browser.new_context(
                color_scheme="light", reduced_motion="reduce", **size
            ).new_page()
            page.goto(address)
            page.wait_for_selector("#or-question")
            # The first report is the one that the question is about.
            page.get_by_text("21 documents").first.wait_for(state="attached")
            for question in QUESTIONS[: 2 if name == "desktop" else 1]:
                page.fill("#or-question", question)
                page.press("#or-question", "Enter")
                page.wait_for_selector("#or-stop", state="visible")
                page.wait_for_selector("#or-stop", state="hidden")
            page.locator(".chip").first.click()
            page.locator("#or-source-text mark.current").wait_for()
            page.wait_for_timeout(500)
            path = machine.ROOT / "docs" / f"{name}.png"
            page.screenshot(path=path)
            print(f"wrote {path.relative_to(machine.ROOT)}", file=sys.stderr)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
