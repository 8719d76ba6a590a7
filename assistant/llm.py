"""A language model on an OpenAI-compatible server, through LlamaIndex's client.

Ollama, LM Studio, vLLM, llama.cpp and the hosts all speak it. Loaded only where one is configured.

The request runs in a thread with an event loop of its own: whoever reads the answer can stop at
any moment, and the connection is then closed and the server told. Trying again is done here and
not by the clients below, which sleep for up to a minute and can't be stopped meanwhile.

Nothing is sent but the prompt, the model's name, how long the answer may be and the key; the
client's own headers, which tell of machine and versions, are taken off.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

from assistant.types import Prompt
from index.errors import LanguageModelError

KEY = "ONRECORD_LLM_KEY"
"""The environment variable that the key is in. There is no other way to give one."""

_ATTEMPTS = 4
_PAUSE = 0.5
"""Seconds before the second attempt; twice as long before each further one."""
_LONGEST_PAUSE = 30.0
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_TICK = 0.1
_CONNECT = 10.0
_KEPT_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-type", "content-length"}
)
_LONGEST = 100_000
"""Code points of an answer. A server that never ends is stopped there."""


class ChatModel:
    """One model on one server. Safe to share by threads; holds no connection between answers.

    Args:
        url: the API's base address, such as ``http://127.0.0.1:11434/v1``.
        model: its name there.
        timeout: seconds for a whole answer.
        context: tokens that it reads and writes at most.
        key: sent as a bearer token; empty: none is sent.
        pause: seconds before a second attempt.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        timeout: float = 120.0,
        context: int = 4096,
        key: str = "",
        pause: float = _PAUSE,
    ) -> None:
        self.url = url.rstrip("/")
        self.model = model
        self._timeout = timeout
        self._context = context
        # A closure: what has no attribute can't be shown by whoever prints or pickles this.
        self._authorization: Callable[[], str] = lambda: f"Bearer {key}" if key else ""
        self._pause = pause

    def __repr__(self) -> str:
        return f"ChatModel({self.url!r}, {self.model!r})"

    def stream(self, prompt: Prompt, tokens: int) -> Iterator[str]:
        """See :class:`assistant.types.Writer`."""
        news: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
        loop = asyncio.new_event_loop()
        task = loop.create_task(self._told(prompt, tokens, news.put))
        thread = threading.Thread(target=_run, args=(loop, task, news.put), name="llm", daemon=True)
        thread.start()
        try:
            while True:
                try:
                    item = news.get(timeout=_TICK)
                except queue.Empty:
                    item = ""
                if item is None:
                    return
                if isinstance(item, BaseException):
                    # Not "from": what a client says of a request may have its headers in it.
                    raise self._refusal(item) from None
                yield item
        finally:
            with suppress(RuntimeError):  # the loop has closed by itself
                loop.call_soon_threadsafe(task.cancel)
            thread.join(_CONNECT)

    async def _told(self, prompt: Prompt, tokens: int, tell: Callable[[str], None]) -> None:
        async with asyncio.timeout(self._timeout):
            for attempt in range(_ATTEMPTS):
                said = False
                try:
                    async for piece in self._pieces(prompt, tokens):
                        said = True
                        tell(piece)
                    return
                except Exception as problem:
                    pause = self._pause_after(problem, attempt)
                    # What has begun to come can't be begun again: its reader has it already.
                    if said or pause is None:
                        raise
                await asyncio.sleep(pause)

    def _pause_after(self, problem: Exception, attempt: int) -> float | None:
        """Seconds to wait before another attempt; ``None``: there is to be none."""
        import openai

        if attempt + 1 >= _ATTEMPTS:
            return None
        usual: float = min(_LONGEST_PAUSE, self._pause * 2**attempt)
        if isinstance(problem, openai.APIStatusError):
            if problem.status_code not in _AGAIN:
                return None
            with suppress(ValueError):
                asked = float(problem.response.headers.get("retry-after", ""))
                return min(_LONGEST_PAUSE, max(usual, asked))
            return usual
        return usual if isinstance(problem, openai.APIConnectionError) else None

    async def _pieces(self, prompt: Prompt, tokens: int) -> AsyncIterator[str]:
        import httpx
        from llama_index.core.base.llms.types import ChatMessage, MessageRole
        from llama_index.llms.openai_like import OpenAILike

        async def plain(request: Any) -> None:
            for name in list(request.headers):
                if name not in _KEPT_HEADERS:
                    del request.headers[name]
            request.headers["user-agent"] = "onrecord"
            if authorization := self._authorization():
                request.headers["authorization"] = authorization

        # It follows nobody elsewhere: neither key nor documents are for another server.
        async with httpx.AsyncClient(
            follow_redirects=False,
            timeout=httpx.Timeout(self._timeout, connect=min(_CONNECT, self._timeout)),
            event_hooks={"request": [plain]},
        ) as client:
            model = OpenAILike(
                model=self.model,
                api_base=self.url,
                # Never empty: the client would look for a key of another name, and send that.
                api_key="none",
                is_chat_model=True,
                context_window=self._context,
                max_tokens=tokens,
                temperature=0.0,
                max_retries=0,
                timeout=self._timeout,
                async_http_client=client,
            )
            messages = [
                ChatMessage(role=role, content=text)
                for role, text in zip(
                    (
                        MessageRole.SYSTEM,
                        *(MessageRole.USER, MessageRole.ASSISTANT) * len(prompt.examples),
                        MessageRole.USER,
                    ),
                    prompt.texts,
                    strict=True,
                )
            ]
            ended, length = False, 0
            async for part in await model.astream_chat(messages):
                choices = getattr(part.raw, "choices", None) or ()
                ended = ended or any(choice.finish_reason for choice in choices)
                length += len(part.delta or "")
                if length > _LONGEST:
                    raise _Rubbish
                if part.delta:
                    yield part.delta
            if not ended:
                raise _Cut if length else _Rubbish

    def _refusal(self, problem: BaseException) -> LanguageModelError:
        """What went wrong, in our words: a server's or a client's own may have the key in them."""
        import httpx
        import openai

        who = f"The language model's server at {self.url}"
        if isinstance(problem, TimeoutError):
            return LanguageModelError(
                f"{who} gave no whole answer within {self._timeout:g} s.",
                "Raise llm_timeout in the settings file, or name a smaller model.",
            )
        if isinstance(problem, openai.APIStatusError):
            return self._status_refusal(who, problem.status_code)
        if isinstance(problem, openai.APIConnectionError):
            return LanguageModelError(f"{who} can't be reached.", "Start it, or put --llm right.")
        if isinstance(problem, (_Cut, httpx.TransportError)):
            return LanguageModelError(f"{who} ended in the middle of its answer.", "Ask again.")
        return LanguageModelError(
            f"{who} sends what is no answer.",
            "Name the base address of an OpenAI-compatible API; it often ends with /v1.",
        )

    def _status_refusal(self, who: str, status: int) -> LanguageModelError:
        if status in (401, 403):
            return LanguageModelError(
                f"{who} does not let us in ({status}).",
                f"Put its key into the environment variable {KEY}.",
            )
        if status == 404:
            return LanguageModelError(
                f"{who} has no model {self.model!r}, or no chat completions there (404).",
                "Put --llm-model or --llm right; the address often ends with /v1.",
            )
        if 300 <= status < 400:
            return LanguageModelError(
                f"{who} points elsewhere ({status}).", "Name the address that it points to."
            )
        if status == 429:
            return LanguageModelError(f"{who} is busy (429).", "Ask again later.")
        if status >= 500:
            return LanguageModelError(f"{who} has failed ({status}).", "See its log, or ask again.")
        return LanguageModelError(
            f"{who} does not take the request ({status}).",
            "Set llm_context in the settings file to what the model has.",
        )


class _Cut(Exception):
    """The stream ended before the answer did."""


class _Rubbish(Exception):
    """The stream was none."""


def _run(
    loop: asyncio.AbstractEventLoop,
    task: asyncio.Task[None],
    tell: Callable[[BaseException | None], None],
) -> None:
    try:
        loop.run_until_complete(task)
        tell(None)
    except asyncio.CancelledError:
        tell(None)
    except BaseException as problem:
        tell(problem)
    finally:
        with suppress(Exception):
            loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
