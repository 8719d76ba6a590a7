"""A prompt's placeholders are exactly those that are filled, which shows when it is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.prompting import load_prompt
from assistant.resources import resource
from assistant.types import Prompt
from index.errors import SettingsError


def prompt(folder: Path, text: str) -> Path:
    (folder / "p.txt").write_text(text, "utf-8")
    return folder


def test_what_is_filled_in_is_not_read_again(tmp_path: Path) -> None:
    loaded = load_prompt("p", ["a", "b"], prompt(tmp_path, "Be {a}.\n===\n{b}, {a}?\n"))
    assert loaded.fill(a="{b}", b="{{a}} \\1 ===") == Prompt("Be {b}.", "{{a}} \\1 ===, {b}?")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Be.\n===\n{a}", "missing: b"),
        ("Be.\n===\nx", "missing: a, b"),
        ("Be.\n===\n{a} {b} {c}", "unknown: c"),
        ("Be.\n===\n{a} {d} {c}", "missing: b; unknown: c, d"),
        ("Be.\n===\n{a} {b} {", "a brace that belongs to no placeholder"),
        ("Be.\n===\n{a} {b} {b c}", "a brace that belongs to no placeholder"),
    ],
)
def test_missing_and_unknown_placeholders_are_refused(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_prompt("p", ["a", "b"], prompt(tmp_path, text))
    assert f"({problem})" in caught.value.message
    assert str(tmp_path / "p.txt") in caught.value.message


def test_worked_examples_stand_between_and_take_no_values(tmp_path: Path) -> None:
    text = "Be.\n===\nWho?\n===\nAnn.\n===\nWhy?\n===\nSo.\n===\n{a}?\n"
    loaded = load_prompt("p", ["a"], prompt(tmp_path, text))
    filled = loaded.fill(a="x")
    assert filled == Prompt("Be.", "x?", (("Who?", "Ann."), ("Why?", "So.")))
    assert filled.texts == ("Be.", "Who?", "Ann.", "Why?", "So.", "x?")
    with pytest.raises(SettingsError, match=r"\(one in an example\)"):
        load_prompt("p", ["a"], prompt(tmp_path, text.replace("Ann", "{a}")))


@pytest.mark.parametrize("text", ["{a}", "\n===\n{a}", "{a}\n===\n", "x\n===\n{a}\n===\ny"])
def test_a_prompt_has_two_parts(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="must have two parts"):
        load_prompt("p", ["a"], prompt(tmp_path, text))


def test_a_prompt_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.txt can't be read"):
        load_prompt("none", [], tmp_path)
    (tmp_path / "latin.txt").write_bytes(b"\xe9\n===\nx")
    with pytest.raises(SettingsError, match=r"latin\.txt can't be read"):
        load_prompt("latin", [], tmp_path)


def test_values_must_be_those_it_was_loaded_for(tmp_path: Path) -> None:
    loaded = load_prompt("p", ["a"], prompt(tmp_path, "Be.\n===\n{a}"))
    for values in ({}, {"b": "x"}, {"a": "x", "b": "x"}):
        with pytest.raises(ValueError, match=r"takes \['a'\]"):
            loaded.fill(**values)


def test_every_prompt_of_the_project_is_listed_with_its_placeholders() -> None:
    folder = resource("prompts")
    rows = [
        line.split("|")
        for line in (folder / "README.md").read_text().splitlines()
        if ".txt`" in line
    ]
    listed = {row[1].strip(" `"): row[2].replace("`", "").split() for row in rows}
    assert (
        set(listed)
        == {path.name for path in folder.glob("*.txt")}
        == {"answer.txt", "standalone.txt"}
    )
    for name, placeholders in listed.items():
        loaded = load_prompt(name.removesuffix(".txt"), [p.strip("{}") for p in placeholders])
        assert len(loaded.placeholders) == 2
