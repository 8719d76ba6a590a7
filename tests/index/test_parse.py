"""A file becomes a document: decoding, title, date and source, and what is refused."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import DocumentError
from index.parse import PARSER_VERSION, SUFFIXES, is_supported, parse_bytes, parse_file

ROOT = Path(__file__).resolve().parents[2]
NEWS = ROOT / "benchmarks" / "data" / "news" / "docs"


def parsed_text(data: bytes, name: str = "a.txt") -> str:
    return parse_bytes(data, name).text


# --- The text layer ----------------------------------------------------------------------------


def test_identity_and_version() -> None:
    data = "Ørnvik is a town.\n".encode()
    document = parse_bytes(data, "north/a.txt")
    assert document.path == "north/a.txt"
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert document.pages == ()
    assert PARSER_VERSION == "1"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\u2028", "\f"])
def test_line_ends_are_kept(ending: str) -> None:
    text = f"One{ending}Two{ending}{ending}Three{ending}"
    document = parse_bytes(text.encode(), "a.txt")
    assert document.text == text
    assert document.title == "One"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_unicode_encodings_lose_their_mark(encoding: str) -> None:
    text = "Étienne’s boat — 🎉\r\nne\u0301e"
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert parsed_text(mark + text.encode(encoding)) == text


LEGACY = [
    ("cp1252", "The minister said the “accord” would stand — for now. It’s worth £3 million."),
    ("cp1252", "Le ministre a déclaré : « L’été dernier – déjà – fut très chaud. » Les élèves."),
    ("cp1252", "The café was closed on Monday."),
    ("cp1252", "O presidente não aceitou a proposta da União Europeia, disse João."),
    ("latin-1", "El señor Núñez llegó mañana a la reunión. La decisión será difícil, según él."),
    ("latin-1", "Die Bürger müssen für die Züge künftig größere Beträge zahlen."),
    ("latin-1", "Bara några få människor såg på när ön översvämmades."),
    ("cp1250", "Minister powiedział, że umowa zostanie podpisana w przyszłym tygodniu."),
    ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy. Ministr řekl, že dohoda bude podepsána."),
    ("koi8-r", "Министр заявил, что переговоры начнутся на следующей неделе в столице."),
    ("cp1251", "Министр заявил, что переговоры начнутся на следующей неделе в столице."),
    ("cp1253", "Ο υπουργός δήλωσε ότι οι συνομιλίες θα αρχίσουν την επόμενη εβδομάδα."),
    (
        "shift_jis",
        "大臣は来週、会談を始めると述べた。両国は停戦に合意した。これは歴史的な一歩である。",
    ),
    ("gb18030", "部长表示，谈判将于下周开始。双方同意停火。这是历史性的一步。"),
    ("euc-kr", "장관은 다음 주에 회담을 시작할 것이라고 말했다. 양측은 휴전에 합의했다."),
]


@pytest.mark.parametrize(("encoding", "text"), LEGACY, ids=[f"{e}-{t[:8]}" for e, t in LEGACY])
def test_legacy_encodings_are_recognised(encoding: str, text: str) -> None:
    assert parsed_text((text + "\r\n").encode(encoding)) == text + "\r\n"


def test_a_long_legacy_file_is_sampled_between_characters() -> None:
    text = "大臣は来週、会談を始めると述べた。両国は停戦に合意した。\n" * 4_000
    assert parsed_text(text.encode("shift_jis")) == text


# Control characters are refused in bulk, a mark at the beginning is taken off, the invisible alone
# is no text; everything else must come through untouched.
PLAIN = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r\t\f"), max_size=200
).map(lambda text: "x" + text)


@given(PLAIN)
def test_utf8_text_comes_through_untouched(text: str) -> None:
    assert parse_bytes(text.encode(), "a.txt").text == text
    assert parse_bytes(text.encode(), "a.md").text == text


@given(st.binary(max_size=300), st.sampled_from(["a.txt", "b.md"]))
def test_any_bytes_give_a_clean_document_or_a_document_error(data: bytes, name: str) -> None:
    try:
        document = parse_bytes(data, name)
    except DocumentError as error:
        assert name in error.message and error.remedy
        return
    document.text.encode("utf-8")
    assert "\0" not in document.text
    assert document.title and len(document.title) <= 300
    assert document.title == " ".join(document.title.split())


HEAD_PIECES = st.sampled_from(
    "Lisse|, |14|October|2024|-| - | — |(|)|AP|  |\n|\r|Source:|Published:|# |---|date:|title:|/|."
    "|1/2/2024|2024-10-14|32|0|T|10:15|*|[a](b)|”|²|٣|\u00a0|of".split("|")
)


@given(st.lists(HEAD_PIECES, max_size=25).map("".join), st.sampled_from(["a.txt", "b.md"]))
def test_no_head_of_a_text_is_too_odd(head: str, name: str) -> None:
    document = parse_bytes(f"x{head}\nstory".encode(), name)
    assert document.title
    assert document.source is None or document.source.strip() == document.source != ""
    parse_bytes(f"T\n{head}\nstory".encode(), name)


# --- What is refused ---------------------------------------------------------------------------

REFUSED = {
    "empty": b"",
    "mark-only": b"\xef\xbb\xbf",
    "white-space": " \r\n\t\u2003\n".encode(),
    "zero-width": "\u200b\ufeff\n".encode(),
    "nul-in-text": b"text with \0 in it",
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01",
    "controls": bytes(range(1, 9)) * 40,
    "utf16-cut": b"\xff\xfea",
    "utf16-lone-surrogate": b"\xff\xfe\x00\xd8a\x00",
    "utf8-mark-then-junk": b"\xef\xbb\xbf\xff\xff\xff",
    "utf16-without-mark": "no mark".encode("utf-16-le"),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_text_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_bytes(data, "odd/a.txt")
    assert "odd/a.txt" in caught.value.message
    assert caught.value.remedy.endswith(".")


def test_a_stray_control_character_is_not_binary() -> None:
    assert parsed_text(b"He left.\x1b[0m She stayed.") == "He left.\x1b[0m She stayed."


def test_unknown_suffix_is_refused_by_name() -> None:
    with pytest.raises(DocumentError, match=r"a\.xyz"):
        parse_bytes(b"text", "a.xyz")


def test_is_supported() -> None:
    assert set(SUFFIXES) >= {".txt", ".text", ".md", ".markdown"}
    assert is_supported("a/b.TXT") and is_supported("b.Markdown") and is_supported("a.b.md")
    assert not is_supported("a.xyz") and not is_supported("txt") and not is_supported(".txt")
    assert not is_supported("a.md/b")


def test_parse_file_reads_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"One\r\nTwo\r\n")
    document = parse_file(path, "a.txt")
    assert document.text == "One\r\nTwo\r\n"
    assert document == parse_bytes(b"One\r\nTwo\r\n", "a.txt")


def test_parse_file_errors_can_be_acted_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DocumentError, match="vanished"):
        parse_file(tmp_path / "gone.txt", "gone.txt")
    with pytest.raises(DocumentError, match="can't be read"):
        parse_file(tmp_path, "folder.txt")
    path = tmp_path / "a.txt"
    path.write_bytes(b"0123456789")
    assert parse_file(path, "a.txt", max_bytes=10).text == "0123456789"
    with pytest.raises(DocumentError, match="larger than 9 bytes"):
        parse_file(path, "a.txt", max_bytes=9)

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(DocumentError, match="Permission denied"):
        parse_file(path, "a.txt")


def test_the_detector_is_loaded_only_when_needed() -> None:
    code = (
        "import sys; from index.parse import parse_bytes; parse_bytes('é'.encode(), 'a.txt');"
        "assert 'charset_normalizer' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# --- Title -------------------------------------------------------------------------------------

LONG = "The council met on Monday. " + "It talked about trams and more trams. " * 12

TITLES = [
    ("first-line", "a.txt", "Dam dispute widens\n\nBelmora objects.", "Dam dispute widens"),
    ("blank-lines", "a.txt", "\n\r\n  Dam  dispute\twidens \r\nx", "Dam dispute widens"),
    ("rule-first", "a.txt", "=====\nDam dispute\n", "Dam dispute"),
    ("hash-stays-in-txt", "a.txt", "#1 hit of the year\n", "#1 hit of the year"),
    ("long-paragraph", "a.txt", LONG, "The council met on Monday."),
    ("long-sentence", "a.txt", "word " * 100, "word " * 59 + "word…"),
    ("no-spaces", "a.txt", "語" * 400, "語" * 299 + "…"),
    ("no-words", "north/notes.v2.txt", "***\n---\n", "notes.v2"),
    ("txt-front-matter", "a.txt", "---\ntitle: Dam\n---\nBelmora\n", "Dam"),
    ("atx", "a.md", "Some intro\n\n# Dam *dispute* widens #\n", "Dam dispute widens"),
    ("atx-level-2", "a.md", "## Dam\n# Later\n", "Dam"),
    ("setext", "a.md", "Dam dispute\n===\n\ntext", "Dam dispute"),
    ("setext-2", "a.md", "Dam dispute\r\n---\r\ntext", "Dam dispute"),
    ("link", "a.md", "# [Dam](http://x.y/a_b) **and** `code`\n", "Dam and code"),
    ("snake-case", "a.md", "# The snake_case_name\n", "The snake_case_name"),
    ("front-matter", "a.md", '---\ntitle: "Dam: a dispute"\ndate: 2024-03-04\n---\n# X\n',
     "Dam: a dispute"),
    ("front-matter-no-title", "a.md", "---\nauthor: A\n---\n\n# Dam\n", "Dam"),
    ("rule-is-no-front-matter", "a.md", "---\nBelmora objects.\n", "Belmora objects."),
    ("md-first-line", "a.md", "> *Belmora* objects.\n", "Belmora objects."),
    ("code-is-no-heading", "a.md", "```\n# comment\n```\n# Dam\n", "Dam"),
    ("hashtag-is-no-heading", "a.md", "#dam rises\n", "dam rises"),
    ("md-nothing", "x.md", "***\n", "x"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "title"), [t[1:] for t in TITLES], ids=[t[0] for t in TITLES]
)
def test_title(name: str, text: str, title: str) -> None:
    assert parse_bytes(text.encode(), name).title == title


# --- Date and source ---------------------------------------------------------------------------

DAY = date(2024, 10, 14)
SECOND_LINES: list[tuple[str, date | None, str | None]] = [
    ("Lisse, 14 October 2024 — Harbour Gazette", DAY, "Harbour Gazette"),
    ("Port Maréchal, 14 October 2024 – The Strait Courier", DAY, "The Strait Courier"),
    ("Washington, D.C., Oct. 14, 2024 — AP", DAY, "AP"),
    ("October 14, 2024 | The Verge", DAY, "The Verge"),
    ("October 14, 2024", DAY, None),
    ("2024-10-14", DAY, None),
    ("2024/10/14", DAY, None),
    ("2024-10-14T10:22:33Z", DAY, None),
    ("14 Oct 2024", DAY, None),
    ("14th October 2024", DAY, None),
    ("Mon 14 Oct 2024", DAY, None),
    ("Monday, 14 October 2024, 10:15 GMT", DAY, None),
    ("Published: Mon 14 Oct 2024 at 10:15 GMT", DAY, None),
    ("Published on October 14, 2024", DAY, None),
    ("Date: 2024-10-14", DAY, None),
    ("*Posted: 14 October 2024*", DAY, None),
    ("By Jane Smith, October 14, 2024", DAY, None),
    ("14/10/2024", DAY, None),
    ("10/14/2024", DAY, None),
    ("14.10.2024", DAY, None),
    ("NEW YORK, October 14 - 14-OCT-1987 15:14:50.05", date(1987, 10, 14), None),
    ("29 February 2024", date(2024, 2, 29), None),
    ("BRUSSELS, October 14, 2024 (AFP) - The bloc agreed.", DAY, "AFP"),
    ("LONDON, Oct 14 (Reuters) - The minister left.", None, "Reuters"),
    ("LONDON (AP) — The minister left.", None, "AP"),
    ("(Reuters) - The minister left.", None, "Reuters"),
    ("Source: The Strait Courier", None, "The Strait Courier"),
    ("Source: The Guardian, 14 October 2024", DAY, "The Guardian"),
    ("Publisher: Northline Press", None, "Northline Press"),
    # A day and a month that could be either way round, and days that never were.
    ("4/10/2024", None, None),
    ("31 February 2024", None, None),
    ("Feb 29, 2023", None, None),
    ("2024-13-01", None, None),
    ("14 October 20245", None, None),
    # Prose: its dates are the story's.
    ("On 14 October 2024 the minister left.", None, None),
    ("The deal of 14 October 2024 — a disaster — fell apart.", None, None),
    ("Dated 14 October 2024, the letter says no.", None, None),
    ("He had left on 14 October 2024", None, None),
    ("The treaty was signed in Lisse, 14 October 2024.", None, None),
    ("Officials are seeking commitments, Bloomberg reports.", None, None),
    ("LONDON (   ) - The minister left.", None, None),
    ("LONDON (CORRECTED) - The minister left.", None, None),
    ("The plan (of sorts) - he said - failed.", None, None),
]


@pytest.mark.parametrize(
    ("line", "published", "source"), SECOND_LINES, ids=[line[:40] for line, *_ in SECOND_LINES]
)
def test_dateline(line: str, published: date | None, source: str | None) -> None:
    document = parse_bytes(f"Dam dispute widens\n{line}\n\nThe story.\n".encode(), "a.txt")
    assert (document.published, document.source) == (published, source)
    assert document.title == "Dam dispute widens"


def test_front_matter_states_date_and_source() -> None:
    text = "---\r\ntitle: Dam\r\ndate: '2024-10-14'\r\nsource: \"The Courier\"\r\n---\r\nText.\r\n"
    document = parse_bytes(text.encode(), "a.md")
    assert (document.published, document.source) == (DAY, "The Courier")
    assert document.text == text
    publisher = parse_bytes(b"---\npublisher: AP\ndate: soon\n---\nText.\n", "a.md")
    assert (publisher.published, publisher.source) == (None, "AP")


def test_a_date_in_the_headline_or_far_down_is_no_dateline() -> None:
    head = parse_bytes("Battle of Lisse — 14 October 1813\nA story.\n".encode(), "a.txt")
    assert (head.published, head.source) == (None, None)
    far = parse_bytes(("A story.\n" * 20 + "14 October 2024\n").encode(), "a.txt")
    assert far.published is None


def test_a_dateline_may_come_first() -> None:
    document = parse_bytes("14 October 2024 — The Courier\nDam\n".encode(), "a.txt")
    assert (document.published, document.source) == (DAY, "The Courier")


NEWS_TABLE = {
    "000_1c6de0bfd8bd3285.txt": (
        "Europe expects USA to provide troops for peacekeeping mission in Ukraine – media",
        None,
        None,
    ),
    "001_mackerel_accord.txt": (
        "Halvoria and Sendrel sign mackerel accord after nine years of quarrels",
        date(2024, 3, 4),
        "Northline Press",
    ),
    "006_merger_suits.txt": (
        "Lumenor and Brandt-Oyelaran trade lawsuits over failed $4.6bn chip merger",
        date(2025, 1, 22),
        "Ledger & Post",
    ),
    "018_ice_satellite.txt": (
        "Ice-watching satellite Borealis-2 reaches orbit at third attempt",
        date(2024, 8, 30),
        "Orbit Daily",
    ),
}


@pytest.mark.parametrize("name", NEWS_TABLE)
def test_news_documents(name: str) -> None:
    document = parse_file(NEWS / name, name)
    assert (document.title, document.published, document.source) == NEWS_TABLE[name]


def test_every_news_document_has_what_its_second_line_says() -> None:
    paths = sorted(NEWS.glob("*.txt"))
    assert len(paths) == 21
    for path in paths[1:]:
        document = parse_file(path, path.name)
        lines = path.read_text(encoding="utf-8").splitlines()
        assert document.title == lines[0]
        place_and_day, _, outlet = lines[1].partition(" — ")
        assert document.source == outlet
        assert document.published is not None
        day = document.published
        assert place_and_day.endswith(f", {day.day} {day:%B} {day.year}")
