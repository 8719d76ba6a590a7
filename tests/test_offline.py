"""The main job with no network: not one connection or look-up is attempted.

In a fresh interpreter, with an audit hook: Python itself reports to it every connection, look-up
and datagram that goes through a Python socket, whoever made it and under whatever name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.assistant.making import a_cross_encoder

ROOT = Path(__file__).parents[1]

BLOCK = """
import sys
attempts = []
EVENTS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr",
          "socket.sendto", "socket.sendmsg", "urllib.Request", "http.client.connect"}

def watch(event, args):
    if event not in EVENTS:
        return
    if event == "socket.connect" and isinstance(args[1], (str, bytes)):
        return  # a socket of this machine: AF_UNIX
    attempts.append(f"{event} {args[1:] if event.startswith('socket.') else args}")
    raise OSError(f"no network in this test: {event}")

sys.addaudithook(watch)
"""

MAIN = """
import json, os
from assistant import answer
from assistant.api import _open

index = sys.argv[1]
there = answer("what does the US expect from Europe?", index=index)
back = answer("What does Europe expect from the US?", index=index)
gold = answer("What is the price of gold?", index=index)
(entry,) = _open.values()
assistant = entry.assistant
rechecked = assistant.recheck(json.loads(json.dumps(there.to_dict())))
import chromadb
print(json.dumps({
    "there": there.to_dict(), "back": back.to_dict(), "gold": gold.to_dict(),
    "rechecked": [r.status for r in rechecked],
    "attempts": attempts,
    "telemetry": os.environ.get("ANONYMIZED_TELEMETRY"),
    "hub": os.environ.get("HF_HUB_DISABLE_TELEMETRY"),
    "modules": sorted({m.split(".")[0] for m in sys.modules}),
}))
"""

ENGINE = """
import json, os, asyncio
import llama_index.core
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from assistant import Assistant
from assistant.engine import CitedQueryEngine, HybridRetriever

with Assistant.open(index=sys.argv[1]) as assistant:
    assistant.sync()
    engine = RetrieverQueryEngine.from_args(HybridRetriever(assistant, 2), llm=MockLLM())
    response = engine.query("what does the US expect from Europe?")
    cited = CitedQueryEngine(assistant).query("what does the US expect from Europe?")
print(json.dumps({"nodes": len(response.source_nodes), "outcome": cited.metadata["outcome"],
                  "attempts": attempts}))
"""

READER = """
import json, os
from assistant.cross_encoder import Sentence, reader
from assistant.config import Settings
from assistant import Assistant

named = os.environ["CROSS_ENCODER"]
sentences = [Sentence("The troops are Europe's."), Sentence("It rained.")]
alone = [reading.score for reading in reader(named).read("Whose are the troops?", sentences)]
with Assistant.open(index=sys.argv[1], settings=Settings(cross_encoder=named)) as assistant:
    assistant.sync()
    answer = assistant.answer("what does the US expect from Europe?")
print(json.dumps({"alone": alone, "passages": len(answer.passages), "attempts": attempts}))
"""

# What a developer's machine or the Makefile may set and a user's does not.
HELPS = (
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_DATASETS_OFFLINE",
    "HF_HUB_DISABLE_TELEMETRY",
    "DO_NOT_TRACK",
    "ANONYMIZED_TELEMETRY",
    "GRADIO_ANALYTICS_ENABLED",
    "NLTK_DATA",
    "TIKTOKEN_CACHE_DIR",
    "OTEL_SDK_DISABLED",
)


def offline(code: str, tmp_path: Path, **more: str) -> dict[str, Any]:
    """What ``code`` prints in an interpreter without a network, in a home without a cache."""
    environment = {name: value for name, value in os.environ.items() if name not in HELPS}
    environment |= {
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "PYTHONPATH": str(ROOT),
        **more,
    }
    environment.pop("HF_HOME", None)
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", BLOCK + code, str(tmp_path / "index")],
        capture_output=True,
        text=True,
        timeout=280,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_main_job_asks_no_network(tmp_path: Path) -> None:
    found = offline(MAIN, tmp_path)
    assert found["attempts"] == []
    there, back, gold = found["there"], found["back"], found["gold"]
    assert {there["outcome"], back["outcome"], gold["outcome"]} == {"answered", "no_evidence"}
    assert gold["outcome"] == "no_evidence"
    assert there["citations"][0]["quote"].startswith(
        ("The Europeans understand that the USA", "But in exchange for those commitments, Trump")
    )
    assert back["citations"][0]["quote"].startswith(("Europe expects USA", "European officials"))
    assert set(found["rechecked"]) == {"ok"}
    # Telemetry is switched off before what would send it is imported.
    assert found["telemetry"] == "False"
    assert found["hub"] == "1"
    # A question's own path does without these.
    assert not {"llama_index", "gradio", "openai"} & set(found["modules"])
    assert "onnxruntime" in found["modules"]


def test_llama_index_asks_no_network_either(tmp_path: Path) -> None:
    found = offline(ENGINE, tmp_path)
    assert found == {"nodes": 2, "outcome": "answered", "attempts": []}


def test_a_cross_encoder_in_a_folder_asks_no_network(tmp_path: Path) -> None:
    folder = a_cross_encoder(tmp_path / "cross-encoder")
    found = offline(READER, tmp_path, CROSS_ENCODER=str(folder))
    assert found["attempts"] == []
    assert found["alone"][0] != found["alone"][1]
    assert found["passages"] == 3


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "socket.getaddrinfo"),
        ("import socket; socket.socket().connect(('127.0.0.1', 9))", "socket.connect"),
        ("import _socket; _socket.getaddrinfo('example.org', 80)", "socket.getaddrinfo"),
        ("import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))",
         "socket.sendto"),
        ("import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')", "urllib.Request"),
    ],
)  # fmt: skip
def test_an_attempt_would_be_seen(tmp_path: Path, code: str, event: str) -> None:
    found = offline(
        f"import json\ntry:\n    {code}\nexcept OSError:\n    pass\n"
        "print(json.dumps({'attempts': attempts}))",
        tmp_path,
    )
    assert found["attempts"][0].startswith(event)


def test_a_socket_of_this_machine_is_no_network(tmp_path: Path) -> None:
    found = offline(
        "import json, socket\n"
        "one = socket.socket(socket.AF_UNIX); one.bind('s'); one.listen()\n"
        "socket.socket(socket.AF_UNIX).connect('s')\n"
        "print(json.dumps({'attempts': attempts}))",
        tmp_path,
    )
    assert found == {"attempts": []}
