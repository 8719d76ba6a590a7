"""The gradio application: one page, its API and its MCP tools. The only importer of gradio.

The page is one component. Its template is compiled once and never filled in, so no text of a
document passes through gradio's templates, which are JavaScript; answers come to the page's script
as values, and it puts them on the screen as text.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import api

from assistant.ui.desk import Desk, Json, shown
from index.errors import UserError

log = logging.getLogger(__name__)

_STATIC = Path(__file__).with_name("static")
_TITLE = "OnRecord"

AT_ONCE = 4
"""Questions answered at a time; others wait their turn. An answer takes both cores: more at a time
make each slower and none of them sooner."""

_SESSIONS = 256

_THREADS = 40
"""For what is not queued: sources, lists, states."""


def build(desk: Desk) -> gr.Blocks:
    """The application over ``desk``. What a read-only one must not do, it has no handler for."""
    page = _static("page.html")
    for sign in ("`", "${", "{{", "\\"):
        if sign in page:
            raise ValueError(f"page.html has {sign!r} in it, which gradio's templates would obey")
    calls: dict[str, Callable[[Any], Json]] = {
        "desk_state": desk.state,
        "desk_source": desk.source,
        "desk_documents": desk.documents,
        "desk_examples": desk.examples,
        "desk_export": desk.export,
        "desk_feedback": desk.feedback,
    }
    if not desk.read_only:
        calls |= {
            "desk_add": desk.add,
            "desk_sync": desk.sync,
            "desk_remove": desk.remove,
            "desk_undo": desk.undo,
        }
    blocks: gr.Blocks
    with gr.Blocks(title=_TITLE, analytics_enabled=False, fill_width=True) as blocks:
        component = gr.HTML(
            value=None,
            html_template=page,
            js_on_load=_static("page.js"),
            apply_default_css=False,
            elem_id="onrecord",
            server_functions=[_call(name, function) for name, function in calls.items()],
        )

        def ask(event: gr.EventData) -> Iterator[Json]:
            data = event._data
            yield from desk.ask(data if isinstance(data, Mapping) else {})

        asking = component.ask(
            ask,
            None,
            component,
            api_visibility="private",
            concurrency_limit=AT_ONCE,
            concurrency_id="answers",
            show_progress="hidden",
            trigger_mode="multiple",
        )
        component.stop(None, None, None, cancels=[asking], api_visibility="private")
        _add_api(desk)
    # Gradio keeps the last ten thousand sessions, and every call of a program is one. Ours carry
    # nothing that could be missed.
    blocks.state_session_capacity = _SESSIONS
    blocks.queue(default_concurrency_limit=AT_ONCE, max_size=500)
    return blocks


def mount(app: Any, blocks: gr.Blocks, *, mcp: bool, prefix: str, max_upload: int) -> Any:
    """Put the application onto a FastAPI one, at its root."""
    mounted = gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        root_path=prefix or None,
        mcp_server=mcp,
        max_file_size=max_upload,
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        # Gradio would keep every run in the browser, and offer to send them elsewhere.
        run_history=False,
        footer_links=[],
        show_error=True,
        # Fonts of the system: the default theme's come from a host on the network.
        theme=gr.themes.Default(
            font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
        ),
        css=_static("page.css"),
        head='<meta name="color-scheme" content="light dark">',
    )
    if mcp:
        _speak_json(blocks)
    return mounted


def _speak_json(blocks: gr.Blocks) -> None:
    """Give MCP clients JSON: gradio gives them Python's words for it (``None``, ``True``)."""
    from mcp.types import TextContent

    server: Any = blocks.mcp_server_obj

    def told(data: list[Any], _root_url: str) -> list[TextContent]:
        return [
            TextContent(type="text", text=json.dumps(output, ensure_ascii=False)) for output in data
        ]

    server.postprocess_output_data = told


def _add_api(desk: Desk) -> None:
    """The named endpoints, which are the MCP tools, too: their words describe them to both."""

    def answer(
        question: str,
        history: list[str] | None = None,
        documents: list[str] | None = None,
        since: str = "",
        until: str = "",
    ) -> dict[str, Any]:
        """Answer a question from the documents, each sentence with the exact words of its source.

        Args:
            question: The question, in a sentence or two.
            history: Earlier questions of the same conversation, oldest first.
            documents: Only these documents count: paths, or patterns such as "2024/*.txt".
            since: First day that counts, such as 2025-01-31.
            until: Last day that counts.

        Returns:
            The answer: "outcome" is "answered" or "no_evidence"; each of the "claims" names its
            "citations", whose "quote" stands at code points "start" to "end" of "document".
        """
        return desk.answer(question, history or [], documents or [], since, until)

    def documents(query: str = "", offset: int = 0, limit: int = 100) -> dict[str, Any]:
        """List the documents that answers come from, newest first.

        Args:
            query: Words that path, title, source or date must have.
            offset: How many to pass over.
            limit: How many to list, at most 1000.

        Returns:
            "total", "matching" and "documents", each with "document" (its path), title,
            date, size and state.
        """
        found = desk.documents({"query": query, "offset": offset, "limit": limit})
        return _renamed(found)

    def sync() -> dict[str, Any]:
        """Make the index equal to the folder of documents, and say what was done.

        Returns:
            "report" with the paths added, changed, removed and failed; or "error".
        """
        return _renamed(desk.sync_now())

    api(_spoken(answer), api_name="answer", concurrency_limit=AT_ONCE, concurrency_id="answers")
    api(_spoken(documents), api_name="documents", concurrency_limit=_THREADS)
    if not desk.read_only:
        api(_spoken(sync), api_name="sync", concurrency_limit=1)


def _renamed(value: Json) -> Json:
    """``value`` with no key "path": gradio's clients take a mapping that has one for a file to be
    fetched. An answer calls it "document", too."""

    def renamed(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {"document" if k == "path" else k: renamed(v) for k, v in value.items()}
        return [renamed(one) for one in value] if isinstance(value, list) else value

    return {key: renamed(one) for key, one in value.items()}


def _spoken(function: Callable[..., Json]) -> Callable[..., Json]:
    """``function``, whose failures a program can read."""

    @wraps(function)
    def speaking(*args: Any, **kwargs: Any) -> Json:
        try:
            return function(*args, **kwargs)
        except Exception as problem:
            if not isinstance(problem, UserError):
                log.exception("%s failed", function.__name__)
            told = shown(problem)
            raise gr.Error(f"{told['message']} {told['remedy']}", print_exception=False) from None

    return speaking


def _call(name: str, function: Callable[[Any], Json]) -> Callable[[Any], Json]:
    """``function`` for the page: one mapping in, one out, failures among them."""

    def call(request: Any) -> Json:
        # The page's script may hand its one argument over as a list of one.
        if isinstance(request, list) and len(request) == 1:
            request = request[0]
        try:
            return function(request if isinstance(request, Mapping) else {})
        except Exception as problem:
            if not isinstance(problem, UserError):
                log.exception("%s failed", name)
            return {"error": shown(problem)}

    call.__name__ = name
    return call


def _static(name: str) -> str:
    return (_STATIC / name).read_text("utf-8")
