"""Settings say at once what is wrong with them, naming the setting and its value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.config import Settings
from index.errors import SettingsError


def test_the_shipped_settings() -> None:
    assert Settings() == Settings(
        model=None, cross_encoder=None, chroma=None, passages=24, claims=4, min_confidence=None
    )


def test_from_a_mapping() -> None:
    values = {"passages": 10, "claims": 20, "min_confidence": 1, "chroma": "https://h:1"}
    assert Settings.from_mapping(values) == Settings(
        passages=10, claims=20, min_confidence=1, chroma="https://h:1"
    )
    assert Settings.from_mapping({}) == Settings()


def test_every_unknown_key_is_named_and_the_known_ones_offered() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_mapping({"top_k": 5, "claims": 3, "Model": "x"})
    assert caught.value.message == "Unknown settings: Model, top_k."
    assert caught.value.remedy == (
        "There are: model, cross_encoder, chroma, passages, claims, min_confidence, llm, "
        "llm_model, llm_timeout, llm_context, llm_tokens."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("passages", 9),
        ("passages", 1001),
        ("passages", 10.0),
        ("passages", "24"),
        ("passages", True),
        ("passages", None),
        ("claims", 0),
        ("claims", -1),
        ("claims", 21),
        ("min_confidence", -0.01),
        ("min_confidence", 1.01),
        ("min_confidence", float("nan")),
        ("min_confidence", True),
        ("min_confidence", "0.5"),
        ("model", ""),
        ("model", "  "),
        ("model", 7),
        ("cross_encoder", ""),
        ("cross_encoder", " \t"),
        ("cross_encoder", False),
        ("cross_encoder", ["a"]),
        ("chroma", ""),
        ("chroma", "localhost:8000"),
        ("chroma", ["http://h"]),
        ("llm", ""),
        ("llm_model", 7),
        ("llm_timeout", 0),
        ("llm_timeout", 86_401),
        ("llm_timeout", float("nan")),
        ("llm_timeout", True),
        ("llm_context", 511),
        ("llm_context", "4096"),
        ("llm_tokens", 15),
    ],
)
def test_a_value_that_makes_no_sense_is_echoed(name: str, value: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_mapping({name: value})
    assert caught.value.message.startswith(f"{name} = {value!r} must ")
    assert caught.value.remedy


def test_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('claims = 2\nmodel = "/models/größe"\ncross_encoder = "none"\n', "utf-8")
    assert Settings.load(file) == Settings(claims=2, model="/models/größe", cross_encoder="none")


@pytest.mark.parametrize("content", [b"claims = ", b"claims = 1\nclaims = 2", b"\xff\xfe\x00"])
def test_a_file_that_is_not_toml(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "s.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"s\.toml can't be read"):
        Settings.load(file)


def test_no_such_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(SettingsError, match="can't be read"):
            Settings.load(path)


def test_a_file_with_an_unknown_key(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text("[claims]\nmost = 2\n[other]\n")
    with pytest.raises(SettingsError, match="Unknown settings: other"):
        Settings.load(file)


@pytest.mark.parametrize(
    ("values", "local"),
    [
        ({}, True),
        ({"model": "all-MiniLM-L6-v2"}, True),
        ({"model": "{here}", "cross_encoder": "{here}"}, True),
        ({"cross_encoder": "none"}, True),
        ({"cross_encoder": "someone/some-model"}, False),
        ({"model": "someone/some-model"}, False),
        ({"model": "{here}", "cross_encoder": "someone/some-model"}, False),
        ({"model": "someone/some-model", "cross_encoder": "none"}, False),
        ({"model": "none"}, False),  # "none" is a name of the other's
        ({"cross_encoder": "{here}/gone"}, False),
    ],
)
def test_whether_a_hub_has_to_be_asked(tmp_path: Path, values: dict[str, str], local: bool) -> None:
    settings = Settings(**{name: value.format(here=tmp_path) for name, value in values.items()})
    assert settings.model_is_local is local


URL = "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize("address", [URL, "https://host.example:8443/v1/", "http://[::1]:80"])
def test_a_language_models_server(address: str) -> None:
    settings = Settings(llm=address, llm_model="m", llm_timeout=5)
    assert (settings.llm, settings.llm_model, settings.llm_timeout) == (address, "m", 5)


@pytest.mark.parametrize(
    "address",
    [
        "localhost:11434",
        "ftp://h/v1",
        "http://",
        "http:///v1",
        "http://h:x/v1",
        "http://h:0",
        "http://a b",
    ],
)
def test_what_is_no_servers_address_is_echoed(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(llm=address, llm_model="m")
    assert caught.value.message.startswith(f"llm = {address!r} must be an address")


@pytest.mark.parametrize(
    "address",
    [
        "http://me:s3cret@h/v1",
        "http://s3cret@h",
        "https://h/v1?key=s3cret",
        "https://h/v1#s3cret",
        "http://s3cret@h:x/v1",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(llm=address, llm_model="m")
    assert "ONRECORD_LLM_KEY" in caught.value.remedy
    assert "s3cret" not in str(caught.value)


def test_server_and_model_go_together() -> None:
    with pytest.raises(SettingsError, match="There is llm without llm_model"):
        Settings(llm=URL)
    with pytest.raises(SettingsError, match="There is llm_model without llm"):
        Settings(llm_model="m")


def test_an_answer_leaves_room_for_what_is_read() -> None:
    assert Settings(llm_context=1000, llm_tokens=500).llm_tokens == 500
    with pytest.raises(SettingsError, match="llm_tokens = 501 leaves no room"):
        Settings(llm_context=1000, llm_tokens=501)
