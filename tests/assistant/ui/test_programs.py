"""Programs at the chat's server: gradio's client, curl and a real MCP client; and many at once."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.pipeline import Assistant
from benchmarks.crowd import NEWS, ask, crowd, questions_of
from tests.assistant.ui.conftest import Site

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text("utf-8")
QUESTION = "what does the US expect from Europe?"
Own = Callable[..., Site]

TRAWLER = """Trawler sold
Tarn Quay, 3 May 2025 — The Gazette

Ada Byron owns the trawler, the harbour office said.
"""


def timeless(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "timings_ms": None}


def plain(site: Site, question: str) -> dict[str, Any]:
    """What a script gets."""
    return timeless(json.loads(json.dumps(site.assistant.answer(question).to_dict())))


def test_gradio_s_client_gets_what_a_script_gets(site: Site) -> None:
    from gradio_client import Client

    client = Client(site.address, verbose=False)
    assert timeless(client.predict(QUESTION, api_name="/answer")) == plain(site, QUESTION)
    listed = client.predict(query="dam", api_name="/documents")
    assert (listed["total"], listed["matching"]) == (21, 2)
    assert sorted(d["document"] for d in listed["documents"]) == [
        "009_dam_treaty.txt",
        "010_dam_dispute.txt",
    ]
    assert client.predict(api_name="/sync")["report"]["unchanged"] == 21
    with pytest.raises(Exception, match=r"The question is empty\. Ask something"):
        client.predict("", api_name="/answer")
    with pytest.raises(Exception, match=r"since = 'soon' is no day\. Give one such as"):
        client.predict(QUESTION, since="soon", api_name="/answer")


def test_the_readme_s_client_runs(own: Own, capsys: pytest.CaptureFixture[str]) -> None:
    site = own({"trawler.txt": TRAWLER})
    (block,) = re.findall(r"```python\n([^`]*gradio_client[^`]*)```", README)
    assert block.count("http://127.0.0.1:7860") == 1
    exec(block.replace("http://127.0.0.1:7860", site.address), {})
    assert capsys.readouterr().out.splitlines()[-1] == (
        "Ada Byron owns the trawler, the harbour office said."
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_the_readme_s_curl_works(own: Own) -> None:
    site = own({"trawler.txt": TRAWLER})
    first, second = re.findall(r"^    (curl .*)$", README, re.MULTILINE)

    def run(command: str) -> str:
        command = command.replace("http://127.0.0.1:7860", site.address)
        done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0
        return done.stdout

    event = json.loads(run(first))["event_id"]
    told = run(second.replace("EVENT_ID", event))
    (answer,) = json.loads(told.rpartition("data: ")[2])
    assert timeless(answer) == plain(site, "who owns the trawler?")


def test_an_mcp_client_gets_what_a_script_gets(own: Own) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    site = own({"trawler.txt": TRAWLER}, mcp=True)

    async def talk() -> tuple[dict[str, Any], list[Any]]:
        async with (
            streamable_http_client(f"{site.address}/gradio_api/mcp/") as (read, write, *_),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            given = [
                await session.call_tool("answer", {"question": "who owns the trawler?"}),
                await session.call_tool("documents", {"query": "trawler"}),
                await session.call_tool("answer", {"question": " "}),
            ]
            return tools, given

    tools, (answered, listed, refused) = asyncio.run(talk())
    assert sorted(tools) == ["answer", "documents", "sync"]
    assert tools["answer"].description.startswith("Answer a question from the documents")
    assert tools["answer"].inputSchema["properties"]["question"]["description"]
    assert timeless(json.loads(answered.content[0].text)) == plain(site, "who owns the trawler?")
    assert json.loads(listed.content[0].text)["documents"][0]["document"] == "trawler.txt"
    assert refused.isError
    assert refused.content[0].text.startswith("The question is empty.")


def test_read_only_has_no_way_to_change_anything(own: Own) -> None:
    site = own({"trawler.txt": TRAWLER}, read_only=True, mcp=True)
    client = httpx.Client(base_url=site.address)
    config = client.get("/config").json()
    names = sorted(d["api_name"] for d in config["dependencies"] if d["api_name"])
    assert [n for n in names if n in ("answer", "documents", "sync")] == ["answer", "documents"]
    (component,) = [c for c in config["components"] if c["type"] == "html"]
    offered = sorted(component["props"]["server_fns"])
    assert offered == [
        "desk_documents",
        "desk_examples",
        "desk_export",
        "desk_feedback",
        "desk_source",
        "desk_state",
    ]
    for name in ("desk_add", "desk_sync", "desk_remove", "desk_undo", "postprocess", "__init__"):
        told = client.post(
            "/gradio_api/component_server",
            json={
                "session_hash": "s",
                "component_id": component["id"],
                "fn_name": name,
                "data": {"path": "trawler.txt"},
            },
        )
        assert told.status_code == 404
    # By number, as a client may that does not care for names.
    for number in range(len(config["dependencies"])):
        client.post(
            "/gradio_api/queue/join", json={"fn_index": number, "data": [], "session_hash": "s"}
        )
    assert client.post("/gradio_api/upload", files={"files": b"words"}).status_code == 403
    assert client.post("/gradio_api/call/sync", json={"data": []}).status_code in (404, 500)
    assert [p.name for p in site.corpus.iterdir()] == ["trawler.txt"]


def test_every_door_asks_for_the_password(own: Own) -> None:
    site = own({"trawler.txt": TRAWLER}, users={"ada": "correct horse"}, mcp=True)
    stranger = httpx.Client(base_url=site.address)
    friend = httpx.Client(base_url=site.address, auth=("ada", "correct horse"))
    doors = [
        ("GET", "/"),
        ("GET", "/config"),
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/mcp/schema"),
        ("POST", "/gradio_api/mcp/"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/gradio_api/call/answer"),
        ("POST", "/gradio_api/call/v2/answer"),
        ("POST", "/gradio_api/component_server"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/theme.css"),
        ("GET", "/docs"),
        ("GET", "/nowhere"),
    ]
    for method, path in doors:
        assert stranger.request(method, path).status_code == 401, path
        assert stranger.request(method, path, auth=("ada", "wrong")).status_code == 401, path
        assert friend.request(method, path).status_code != 401, path
    assert stranger.get("/health").json() == {"status": "ok"}
    assert friend.get("/gradio_api/file=/etc/passwd").status_code == 403
    answer = asyncio.run(
        ask(
            httpx.AsyncClient(base_url=site.address, auth=("ada", "correct horse")),
            "who owns the trawler?",
        )
    )
    assert answer["outcome"] == "answered"


def test_pages_of_other_hosts_are_turned_away(site: Site) -> None:
    client = httpx.Client(base_url=site.address)
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    other = {"Origin": "http://evil.example"}
    for path in ("/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/component_server"):
        assert client.post(path, headers=other).status_code == 403
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("stripped", [True, False])
def test_behind_a_path(own: Own, stripped: bool) -> None:
    site = own({"trawler.txt": TRAWLER}, url="https://news.example/desk")
    client = httpx.Client(base_url=site.address, headers={"Host": "news.example"})
    prefix = "" if stripped else "/desk"
    page = client.get(f"{prefix}/")
    assert page.status_code == 200
    assert client.get(f"{prefix}/config").json()["root"].endswith("/desk")
    assert client.get(f"{prefix}/health").json() == {"status": "ok"}


def together(people: int, seconds: float, site: Site) -> None:
    tally = asyncio.run(crowd(site.address, questions_of(NEWS), people, seconds, 0))
    assert tally.wrong == []
    assert len(tally.seconds) >= people


def test_ten_people_at_once(site: Site) -> None:
    together(10, 3, site)


@pytest.mark.long
def test_fifty_people_for_a_minute(site: Site) -> None:
    together(50, 60, site)


def test_the_first_question_waits_for_the_first_documents(
    launch: Callable[..., Site], tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "trawler.txt").write_text(TRAWLER, "utf-8")
    with Assistant.open(corpus, tmp_path / "index") as assistant:
        site = launch(assistant)
        site.desk.begin_sync()
        answer = site.desk.answer("who owns the trawler?")
        assert answer["outcome"] == "answered"
