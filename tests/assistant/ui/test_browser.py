"""The page, as people meet it: in a real browser, over a real index."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from assistant.pipeline import Assistant
from index.errors import IndexCorrupt
from tests.assistant.ui.conftest import PHONE, Site, Visit, ask

Go = Callable[[str], Visit]
Own = Callable[..., Site]

QUESTION = "what does the US expect from Europe?"
FIRST = (
    "The Europeans understand that the USA expects them to provide the bulk of the troops, the "
    "diplomat said, because Trump views the war in Ukraine as a European matter."
)
SECOND = (
    "But in exchange for those commitments, Trump may expect Europe to shoulder a larger share of "
    "the burden of securing any potential deal."
)
HEADLINE = "Europe expects USA to provide troops for peacekeeping mission in Ukraine – media"


def mark(page: Page) -> str:
    """The words that are marked as the current citation, code point for code point."""
    found = page.locator("#or-source-text mark.current")
    found.wait_for()
    return str(found.evaluate("mark => mark.textContent"))


def claims(page: Page) -> list[str]:
    """What is said, without chips."""
    return [
        str(text)
        for text in page.locator(".or-claim").evaluate_all(
            """claims => claims.map(claim => {
                 const copy = claim.cloneNode(true);
                 copy.querySelectorAll('.chip').forEach(chip => chip.remove());
                 return copy.textContent.trim();
               })"""
        )
    ]


def test_the_question_it_was_born_for_and_the_words_it_rests_on(site: Site, visit: Go) -> None:
    page = visit(site.address).page
    ask(page, QUESTION)
    assert claims(page) == [FIRST, SECOND]
    chip = page.locator('.chip[data-marker="1"]').first
    expect(chip).to_have_accessible_name(re.compile(r"^Citation 1: Europe expects USA"))
    chip.click()
    assert mark(page) == FIRST
    expect(page.locator("#or-source-title")).to_have_text(HEADLINE)
    assert page.locator("#or-source-text mark.current").is_visible()
    assert page.locator("#or-source-text mark").count() == 2
    page.click("#or-source-next")
    page.wait_for_function(
        "() => document.querySelector('#or-source-text mark.current').textContent.startsWith('But')"
    )
    assert mark(page) == SECOND
    page.click("#or-source-prev")
    page.wait_for_function(
        "() => document.querySelector('#or-source-text mark.current').textContent.startsWith('The')"
    )
    assert mark(page) == FIRST


def test_a_chip_shows_its_quote_to_pointer_and_keyboard(site: Site, visit: Go) -> None:
    page = visit(site.address).page
    ask(page, QUESTION)
    chip = page.locator('.chip[data-marker="1"]').first
    for show in (chip.hover, chip.focus):
        show()
        tip = page.locator('[role="tooltip"]:visible')
        tip.wait_for()
        assert FIRST in tip.inner_text()
        assert chip.get_attribute("aria-describedby") == tip.get_attribute("id")
        page.keyboard.press("Escape")
        tip.wait_for(state="hidden")
        page.mouse.move(5, 5)


def test_asked_the_other_way_round(site: Site, visit: Go) -> None:
    page = visit(site.address).page
    ask(page, "What does Europe expect from the US?")
    page.locator('.chip[data-marker="1"]').first.click()
    assert mark(page) == HEADLINE


def test_a_follow_up_shows_what_was_understood_and_can_be_taken_literally(
    site: Site, visit: Go
) -> None:
    page = visit(site.address).page
    ask(page, "What does Europe expect from the US?")
    ask(page, "And the other way round?")
    last = page.locator(".or-turn").nth(1)
    expect(last.locator(".or-understood")).to_contain_text("What does the US expect from Europe?")
    assert claims(page)[-2:] == [FIRST, SECOND]
    last.locator(".or-as-typed").click()
    expect(page.locator(".or-turn").nth(1).locator(".or-understood")).to_have_count(0)
    page.wait_for_selector("#or-ask:visible")
    assert page.locator(".or-turn").count() == 2


def test_no_evidence_looks_like_no_answer(site: Site, visit: Go) -> None:
    page = visit(site.address).page
    ask(page, "What is the price of gold?")
    none = page.locator(".or-turn .or-none")
    expect(none).to_contain_text("The documents do not say")
    expect(none).to_contain_text("21 documents")
    assert page.locator(".or-claim, .chip, .or-error").count() == 0
    page.locator(".or-nearest button").first.click()
    assert len(mark(page)) > 20


def test_a_question_that_is_too_long_is_not_sent(site: Site, visit: Go) -> None:
    page = visit(site.address).page
    page.fill("#or-question", "x" * 4001)
    page.press("#or-question", "Enter")
    expect(
        page.get_by_text("4,001 of 4,000 characters. Shorten the question").first
    ).to_be_visible()
    assert page.locator(".or-turn").count() == 0
    assert page.input_value("#or-question") == "x" * 4001


def test_an_error_says_what_to_do_and_is_no_answer(
    site: Site, visit: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(site.address).page

    def broken(*_: Any, **__: Any) -> Any:
        raise IndexCorrupt("The index is damaged.", "Build it anew with: onrecord index --rebuild")

    monkeypatch.setattr(site.assistant, "answer", broken)
    ask(page, QUESTION)
    monkeypatch.undo()
    alert = page.locator(".or-error")
    expect(alert).to_contain_text("The index is damaged.")
    expect(alert).to_contain_text("Build it anew with: onrecord index --rebuild")
    assert page.locator(".or-none, .or-claim").count() == 0
    alert.get_by_role("button").first.click()
    page.locator(".or-claim").first.wait_for()
    assert claims(page) == [FIRST, SECOND]


def test_something_is_on_the_screen_at_once(site: Site, visit: Go) -> None:
    page = visit(site.address).page
    page.fill("#or-question", QUESTION)
    took = page.evaluate(
        """() => new Promise(done => {
             const began = performance.now();
             new MutationObserver((_, watching) => {
               const turn = document.querySelector('.or-turn');
               if (turn && turn.textContent.includes('Searching')) {
                 watching.disconnect(); done(performance.now() - began);
               }
             }).observe(document.body, {childList: true, subtree: true, characterData: true});
             document.querySelector('#or-question').dispatchEvent(
               new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true}));
           })"""
    )
    # No promise of speed, which is measured elsewhere: it does not wait for the server at all.
    assert took < 1000
    page.locator(".or-claim").first.wait_for()


def test_stop_and_ask_again(site: Site, visit: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    page = visit(site.address).page
    slow = site.assistant.answer

    def answer(*args: Any, on_stage: Callable[[str], None], **kwargs: Any) -> Any:
        for _ in range(100):
            on_stage("searching")
            time.sleep(0.05)
        return slow(*args, on_stage=on_stage, **kwargs)

    monkeypatch.setattr(site.assistant, "answer", answer)
    page.fill("#or-question", QUESTION)
    page.press("#or-question", "Enter")
    page.click("#or-stop")
    page.wait_for_selector("#or-ask:visible")
    monkeypatch.undo()
    assert page.locator(".or-claim, .or-none").count() == 0
    page.get_by_role("button", name=re.compile("again|retry", re.IGNORECASE)).first.click()
    page.locator(".or-claim").first.wait_for()
    assert claims(page) == [FIRST, SECOND]


def test_examples_are_made_of_the_corpus_and_are_answered(site: Site, visit: Go) -> None:
    page = visit(site.address).page
    example = page.locator(".or-example").first
    example.wait_for()
    asked = example.inner_text().strip()
    assert asked in site.desk.examples()["questions"]
    example.click()
    page.locator(".or-claim").first.wait_for()


TREATY = """Ondrava signs the Karsk treaty
Karsk, 3 March 2026 — The Gazette

Ondrava and Meltia signed the Karsk treaty on Tuesday.
The treaty obliges Meltia to pay forty million crowns for the bridge at Karsk.
"""


def test_a_document_is_uploaded_cited_removed_and_brought_back(
    own: Own, visit: Go, tmp_path: Path
) -> None:
    site = own({"gold.txt": "Gold fell on Monday.\n\nThe price of gold fell to 3,900 dollars.\n"})
    page = visit(site.address).page
    question = "What does the Karsk treaty oblige Meltia to pay?"
    ask(page, question)
    assert page.locator(".or-none").count() == 1
    file = tmp_path / "treaty.txt"
    file.write_text(TREATY, "utf-8")
    page.click("#or-tab-documents")
    page.set_input_files("#or-upload", [str(file)])
    expect(page.locator('.or-document[data-state="indexed"]')).to_have_count(2)
    assert (site.corpus / "treaty.txt").read_text("utf-8") == TREATY
    ask(page, question)
    page.locator(".chip").first.click()
    assert mark(page) == (
        "The treaty obliges Meltia to pay forty million crowns for the bridge at Karsk."
    )
    # The same name with other content: never over the first.
    file.write_text(TREATY.replace("forty", "fifty"), "utf-8")
    page.set_input_files("#or-upload", [str(file)])
    expect(page.locator('.or-document[data-state="indexed"]')).to_have_count(3)
    assert (site.corpus / "treaty.txt").read_text("utf-8") == TREATY
    for name in ("treaty (2).txt", "treaty.txt"):
        entry = page.locator(".or-document", has_text=name).first
        if entry.count() == 0:
            entry = page.locator(".or-document", has_text="Ondrava").first
        entry.locator(".or-remove").click()
        site.desk.wait_for_sync(20)
        page.wait_for_timeout(300)
    expect(page.locator(".or-document")).to_have_count(1)
    assert sorted(p.name for p in site.corpus.glob("*.txt")) == ["gold.txt"]
    ask(page, question)
    assert page.locator(".or-turn").last.locator(".or-none").count() == 1
    page.click("#or-undo")
    expect(page.locator(".or-document")).to_have_count(2)
    ask(page, question)
    assert page.locator(".or-turn").last.locator(".or-claim").count() >= 1


def test_what_can_not_be_read_is_refused_by_name(own: Own, visit: Go, tmp_path: Path) -> None:
    site = own({"gold.txt": "Gold fell on Monday.\n"})
    page = visit(site.address).page
    bad = tmp_path / "picture.txt"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0" + bytes(range(256)) * 4)
    other = tmp_path / "paper.xyz"
    other.write_text("words")
    page.click("#or-tab-documents")
    page.set_input_files("#or-upload", [str(bad), str(other)])
    results = page.locator(".or-upload-result")
    expect(results).to_have_count(2)
    expect(results.nth(0)).to_contain_text("picture.txt")
    expect(results.nth(1)).to_contain_text("paper.xyz")
    assert sorted(p.name for p in site.corpus.iterdir()) == ["gold.txt"]


def test_an_empty_corpus_says_how_to_add_documents(own: Own, visit: Go, tmp_path: Path) -> None:
    site = own({})
    page = visit(site.address).page
    page.wait_for_selector("#or-empty")
    file = tmp_path / "treaty.txt"
    file.write_text(TREATY, "utf-8")
    page.set_input_files("#or-upload", [str(file)])
    expect(page.get_by_text("1 document").first).to_be_visible()
    ask(page, "What does the Karsk treaty oblige Meltia to pay?")
    assert page.locator(".or-claim").count() >= 1


def test_a_file_may_come_before_the_first_word_from_the_server(
    own: Own, visit: Go, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site = own({})
    late = site.assistant.documents

    def slowly() -> Any:
        time.sleep(2)
        return late()

    # What the page asks for first waits for the look at the folder.
    monkeypatch.setattr(site.assistant, "documents", slowly)
    page = visit(site.address).page
    file = tmp_path / "treaty.txt"
    file.write_text(TREATY, "utf-8")
    page.set_input_files("#or-upload", [str(file)])
    expect(page.locator('.or-document[data-state="indexed"]')).to_have_count(1)
    assert page.get_by_text("read-only").count() == 0


def test_a_folder_that_changed_says_so_and_is_indexed_by_a_click(own: Own, visit: Go) -> None:
    site = own({"gold.txt": "Gold fell on Monday.\n"})
    page = visit(site.address).page
    (site.corpus / "treaty.txt").write_text(TREATY, "utf-8")
    page.locator("#or-changed").wait_for(timeout=30_000)
    page.locator("#or-changed button").first.click()
    page.wait_for_selector("#or-changed", state="hidden", timeout=30_000)
    ask(page, "What does the Karsk treaty oblige Meltia to pay?")
    assert page.locator(".or-claim").count() >= 1


def test_a_quote_of_a_document_that_changed_is_shown_as_it_was(own: Own, visit: Go) -> None:
    site = own({"treaty.txt": TREATY})
    page = visit(site.address).page
    ask(page, "What does the Karsk treaty oblige Meltia to pay?")
    quote = "The treaty obliges Meltia to pay forty million crowns for the bridge at Karsk."
    (site.corpus / "treaty.txt").write_text(TREATY.replace("forty", "fifty"), "utf-8")
    site.desk.sync_now()
    page.locator(".chip").first.click()
    assert mark(page) == quote
    expect(page.locator("#or-source-badge")).to_contain_text("changed")
    (site.corpus / "treaty.txt").unlink()
    (site.corpus / "gold.txt").write_text("Gold fell on Monday.\n", "utf-8")
    site.desk.sync_now()
    page.click("#or-source-close")
    page.locator(".chip").first.click()
    assert mark(page) == quote
    expect(page.locator("#or-source-badge")).to_contain_text("no longer")


ACCUSED = "Ondrava’s minister Orla Vance accused Meltia of "
LINES = {
    "curly quotes": ACCUSED + "the “Karsk” theft — it isn’t ‘fair’.",
    "emoji": ACCUSED + "theft 🎉👩‍👩‍👧🇪🇺 in Karsk.",
    "combining marks": ACCUSED + "the\u0301ft in Ka\u0308rsk.",
    "right to left": ACCUSED + "theft (ضريبة كارسك, שישה אחוזים) in Karsk.",
    "markup": ACCUSED + "</mark><b>theft</b> &amp; lies ${alert(1)} {{x}} `.",
    "an override": ACCUSED + "theft \u202eevil\u202c in Karsk.",
}


@pytest.mark.parametrize("name", sorted(LINES))
def test_the_mark_is_the_quote_code_point_for_code_point(own: Own, visit: Go, name: str) -> None:
    line = LINES[name]
    # Twice, and lines that end as on another system.
    text = f"Orla Vance in Karsk\r\n\r\nThe town met.\r\n{line}\r\nRain fell.\r\n\r\n{line}\r\n"
    site = own({"levy.txt": text})
    page = visit(site.address).page
    ask(page, "What did Orla Vance accuse Meltia of?")
    chips = page.locator(".chip")
    places = []
    for number in range(chips.count()):
        chips.nth(number).click()
        page.wait_for_timeout(150)
        if mark(page) == line:
            places.append(
                page.evaluate(
                    """() => {
                      const range = document.createRange();
                      range.setStart(document.querySelector('#or-source-text'), 0);
                      range.setEndBefore(document.querySelector('#or-source-text mark.current'));
                      return [...range.toString()].length;
                    }"""
                )
            )
    first = text.index(line)
    assert sorted(set(places)) == [first, text.index(line, first + 1)]


HOSTILE = """<script>window.hacked=1</script> Karsk levy <img src=x onerror="window.hacked=1">

Minister Orla Vance accused Meltia of </mark><img src=x onerror="window.hacked=2"> the theft.
[Read](javascript:window.hacked=3) what ${window.hacked=4} {{window.hacked}} `${window.hacked=5}`.
<iframe srcdoc="<script>parent.hacked=6</script>"></iframe> The levy is due on 3 March 2026.
"""


def test_documents_that_attack_are_words(own: Own, visit: Go) -> None:
    site = own(
        {
            "<img src=x onerror=hacked=7>.txt": HOSTILE,
            "long.txt": "A" * 10_000 + " levy\n\nThe Drusk levy is 9 % of the price.\n",
        }
    )
    window = visit(site.address)
    page = window.page
    for question in (
        "What did Orla Vance accuse Meltia of?",
        "When is the levy due <img src=x onerror=window.hacked=8>?",
        "What is the Drusk levy?",
        "What is <script>window.hacked=9</script> gold?",
    ):
        ask(page, question)
    assert page.locator(".chip").count() >= 1
    for number in range(page.locator(".chip").count()):
        chip = page.locator(".chip").nth(number)
        chip.hover()
        chip.click()
        page.wait_for_timeout(100)
    page.click("#or-tab-documents")
    page.locator(".or-document").first.wait_for()
    page.reload()
    page.locator(".or-turn").nth(3).wait_for()
    assert page.evaluate("window.hacked") is None
    assert window.said == []
    assert (
        page.locator(
            ".onrecord img, .onrecord iframe, .onrecord script, .onrecord a[href^=javascript]"
        ).count()
        == 0
    )
    # The page is not wider than the window, whatever a title does.
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_keyboard_alone_from_the_question_to_the_source_and_back(site: Site, visit: Go) -> None:
    page = visit(site.address).page
    page.keyboard.press("Tab")
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == "or-question":
            break
        page.keyboard.press("Tab")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.locator(".or-claim").nth(1).wait_for()
    page.wait_for_selector("#or-ask:visible")
    for _ in range(60):
        if page.evaluate("document.activeElement.matches('.chip')"):
            break
        page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.matches('.chip')")
    page.keyboard.press("Enter")
    assert mark(page) in (FIRST, SECOND)
    page.wait_for_function("document.querySelector('#or-source').contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.matches('.chip')")


def test_on_a_phone_the_source_is_a_sheet(site: Site, visit: Go) -> None:
    page = visit(site.address).page
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    ask(page, QUESTION)
    assert not page.locator("#or-source-text").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for close in ("button", "escape"):
        page.locator(".chip").first.click()
        assert mark(page) == FIRST
        box = page.locator("#or-source").bounding_box()
        assert box is not None
        assert box["width"] == PHONE["width"]
        assert 0.5 * PHONE["height"] < box["height"] <= PHONE["height"]
        expect(page.locator("#or-source-text mark.current")).to_be_in_viewport()
        if close == "button":
            page.click("#or-source-close")
        else:
            page.keyboard.press("Escape")
        page.locator("#or-source-text").wait_for(state="hidden")
    page.click("#or-menu")
    page.locator("#or-conversations").wait_for()


def test_a_conversation_outlives_reload_and_restart(
    launch: Callable[..., Site], news: Assistant, visit: Go
) -> None:
    first = launch(news)
    page = visit(first.address).page
    ask(page, QUESTION)
    ask(page, "What is the price of gold?")
    for restarted in (False, True):
        if restarted:
            first.stop()
            launch(news, port=int(first.address.rpartition(":")[2]))
        page.reload()
        page.locator(".or-turn").nth(1).wait_for()
        assert claims(page) == [FIRST, SECOND]
        assert page.locator(".or-none").count() == 1
        assert page.locator(".or-conversation").count() == 1
    # What was loaded is as good as what was asked just now.
    page.locator(".chip").first.click()
    assert mark(page) == FIRST


def test_two_windows_do_not_mix(site: Site, visit: Go) -> None:
    one, other = visit(site.address).page, visit(site.address).page
    for page, question in ((one, QUESTION), (other, "What does Europe expect from the US?")):
        page.fill("#or-question", question)
        page.press("#or-question", "Enter")
    one.locator(".or-claim").nth(1).wait_for()
    other.locator(".or-claim").first.wait_for()
    for page in (one, other):
        page.wait_for_selector("#or-ask:visible")
        assert page.locator(".or-turn").count() == 1
    assert claims(one) == [FIRST, SECOND]
    assert claims(other)[0] == HEADLINE
    # Each is in the other's list, and neither was written over.
    for page in (one, other):
        expect(page.locator(".or-conversation")).to_have_count(2)
    one.reload()
    one.locator(".or-claim").nth(1).wait_for()
    assert claims(one) == [FIRST, SECOND]


def test_what_is_taken_along_can_be_checked(site: Site, visit: Go, tmp_path: Path) -> None:
    page = visit(site.address).page
    ask(page, QUESTION)
    kept = page.evaluate(
        """() => Object.entries(localStorage).filter(([k]) => k.startsWith('onrecord:') &&
             k.includes(':c:')).map(([, v]) => JSON.parse(v))"""
    )
    (conversation,) = kept
    made = site.desk.export({"format": "json", "title": "t", "turns": conversation["turns"]})
    (answer,) = json.loads(made["content"])
    assert [r.status for r in site.assistant.recheck(answer)] == ["ok", "ok"]
    html = site.desk.export({"format": "html", "title": "t", "turns": conversation["turns"]})
    saved = tmp_path / "saved.html"
    saved.write_text(html["content"], "utf-8")
    other = page.context.new_page()
    other.goto(saved.as_uri())
    assert [m.evaluate("m => m.textContent") for m in other.locator("mark").all()] == [
        FIRST,
        SECOND,
    ]


def test_read_only_shows_nothing_that_changes_anything(own: Own, visit: Go) -> None:
    site = own({"treaty.txt": TREATY}, read_only=True)
    page = visit(site.address).page
    page.click("#or-tab-documents")
    page.locator(".or-document").first.wait_for()
    for hook in ("#or-upload", "#or-reindex", ".or-remove"):
        assert page.locator(hook).filter(visible=True).count() == 0
    upload = page.request.post(
        f"{site.address}/gradio_api/upload",
        multipart={"files": {"name": "a.txt", "mimeType": "text/plain", "buffer": b"words"}},
    )
    assert upload.status == 403


def test_nothing_is_fetched_from_elsewhere(site: Site, visit: Go) -> None:
    window = visit(site.address)
    ask(window.page, QUESTION)
    window.page.locator(".chip").first.click()
    mark(window.page)
    window.page.click("#or-tab-documents")
    window.page.locator(".or-document").first.wait_for()
    assert len(window.fetched) > 10
    assert [u for u in window.fetched if not u.startswith((site.address, "data:", "blob:"))] == []
    assert window.said == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_axe_finds_nothing_serious(site: Site, visit: Go, theme: str, size: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = visit(f"{site.address}/?__theme={theme}").page
    if size == "phone":
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    ask(page, QUESTION)
    ask(page, "What is the price of gold?")
    found = []
    for step in ("answered", "source", "documents"):
        if step == "source":
            page.locator(".chip").first.click()
            mark(page)
        elif step == "documents":
            page.keyboard.press("Escape")
            if size == "phone":
                page.click("#or-menu")
            page.click("#or-tab-documents")
            page.locator(".or-document").first.wait_for()
        result = Axe().run(page).response
        found += [
            (step, violation["id"], node["target"])
            for violation in result["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]
    assert found == []
