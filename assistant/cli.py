"""``onrecord``: the command line.

Answers and reports go to standard output; progress, notes and errors to standard error. Exit codes:
0 done (finding no evidence is done, too), 1 a saved answer no longer stands, 2 something that the
user can put right, 130 interrupted, 141 the reader of the output went away.

Nothing heavy is imported until a command needs it, so that ``--help`` comes at once.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import shlex
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from assistant import __version__
from index.errors import CorpusError, QuestionError, UserError

if TYPE_CHECKING:
    from assistant.config import Settings
    from assistant.evaluation.dialogues import DialogueReport
    from assistant.evaluation.runner import Item, Report
    from assistant.pipeline import Assistant
    from assistant.render import Context
    from assistant.types import Answer, Filters
    from index.sync import Refused, SyncReport

_WIDEST = 100
"""Columns. Longer lines are hard to read."""

_NAMED = 5
"""How many paths a report names of each kind."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; ``argparse`` exits by itself on its own errors."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show a character gets its code, not a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        args = _parser().parse_args(argv)
    except SystemExit:
        with suppress(_ReaderGone):
            _put("")
        raise
    try:
        code: int = args.run(args)
        _put("")
    except UserError as problem:
        _complain(problem, args)
        return 2
    except KeyboardInterrupt:
        return 130
    except _ReaderGone:
        return 141
    return code


# -- the commands' words -------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="onrecord",
        description="Answers over a folder of documents, each sentence with the exact words of "
        "its source.",
        epilog='Try: onrecord ask "what does the US expect from Europe?"',
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"onrecord {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    place = argparse.ArgumentParser(add_help=False)
    options = place.add_argument_group("index and model")
    options.add_argument(
        "--index", type=_folder, metavar="DIR", help="where the index lies (default: user data)"
    )
    options.add_argument("--settings", type=_folder, metavar="FILE", help="settings, as TOML")
    options.add_argument(
        "--model", metavar="M", help="a sentence-transformers model: a folder or a hub's name"
    )
    options.add_argument(
        "--cross-encoder",
        metavar="M",
        help='a cross-encoder: a folder or a hub\'s name; "none": without',
    )
    options.add_argument("--chroma", metavar="URL", help="a Chroma server for the vectors")

    writer = argparse.ArgumentParser(add_help=False)
    options = writer.add_argument_group(
        "language model", "writes the answer; the key, if any, is in ONRECORD_LLM_KEY"
    )
    options.add_argument(
        "--llm", metavar="URL", help="an OpenAI-compatible server: http://127.0.0.1:11434/v1"
    )
    options.add_argument("--llm-model", metavar="NAME", help="the model's name there")

    def command(name: str, run: Callable[[argparse.Namespace], int], about: str) -> Any:
        writes = [writer] if name in ("ask", "serve", "eval") else []
        made = commands.add_parser(
            name, help=about, description=about, parents=[place, *writes], allow_abbrev=False
        )
        made.set_defaults(run=run)
        return made

    ask = command("ask", _ask, "answer a question, or many")
    ask.add_argument("question", nargs="*", help="the question")
    ask.add_argument(
        "--questions",
        metavar="FILE",
        help='many at once: JSON lines with "question" and, where wanted, "history", "date" (of '
        'asking) and "id"; - reads standard input',
    )
    ask.add_argument("--json", action="store_true", help="print JSON; one line for each question")
    corpus_help = "the folder of documents (default: the report that comes along)"
    ask.add_argument("--corpus", type=_folder, metavar="DIR", help=corpus_help)
    ask.add_argument("--since", type=_day, metavar="DATE", help="first day that counts")
    ask.add_argument("--until", type=_day, metavar="DATE", help="last day that counts")
    ask.add_argument(
        "--document",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only these documents, such as '2024/*.txt'; may be repeated",
    )
    ask.add_argument(
        "--min-confidence", type=float, metavar="P", help="below it: no evidence; 0 to 1"
    )
    ask.add_argument("--no-sync", action="store_true", help="do not look at the folder")

    index = command("index", _index, "make the index equal to a folder")
    index.add_argument("corpus", nargs="?", type=_folder, metavar="DIR", help=corpus_help)
    index.add_argument("--verify", action="store_true", help="read every file, trust no date")
    index.add_argument(
        "--allow-empty", action="store_true", help="empty the index if the folder is empty"
    )
    index.add_argument("--rebuild", action="store_true", help="start from nothing")
    index.add_argument("--json", action="store_true", help="print JSON")

    status = command("status", _status, "what the index of a folder holds")
    status.add_argument("corpus", nargs="?", type=_folder, metavar="DIR", help=corpus_help)
    status.add_argument("--json", action="store_true", help="print JSON")

    serve = command("serve", _serve, "the chat in the browser")
    serve.add_argument("corpus", nargs="?", type=_folder, metavar="DIR", help=corpus_help)
    serve.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where to listen (default: here only)",
    )
    serve.add_argument(
        "--port", type=_port, metavar="N", help="(default: the first free from 7860)"
    )
    serve.add_argument(
        "--auth",
        type=_folder,
        metavar="FILE",
        help="who may come in: a line name:password for each; a must where --host is not this "
        "machine",
    )
    serve.add_argument(
        "--read-only", action="store_true", help="no upload, no re-indexing, no removal"
    )
    serve.add_argument(
        "--max-upload", type=_count, default=20, metavar="MB", help="of one file (default: 20)"
    )
    serve.add_argument("--mcp", action="store_true", help="answer MCP clients, too")
    serve.add_argument(
        "--url", default="", help="the address people use, where a proxy stands in front"
    )

    verify = command("verify", _verify, "check every quote of saved answers again")
    verify.add_argument("saved", metavar="FILE", help="what ask --json printed; - standard input")
    verify.add_argument("--corpus", type=_folder, metavar="DIR", help=corpus_help)

    prune = command("prune", _prune, "drop old texts that only saved answers may need")
    prune.add_argument("corpus", nargs="?", type=_folder, metavar="DIR", help=corpus_help)

    evaluate = command("eval", _eval, "ask the questions of a test set and measure")
    evaluate.add_argument(
        "folder",
        type=_folder,
        metavar="DIR",
        help="a set: docs/ and questions.jsonl, or dialogues.jsonl with --dialogues",
    )
    evaluate.add_argument(
        "--dialogues",
        action="store_true",
        help="ask the set's dialogues instead, turn by turn: with what was said before, alone, "
        "and as written by hand to stand alone",
    )
    evaluate.add_argument("--json", type=_folder, metavar="FILE", help="write the results as JSON")
    evaluate.add_argument(
        "--markdown", type=_folder, metavar="FILE", help="write the results as Markdown"
    )
    evaluate.add_argument(
        "--limit", type=_count, metavar="N", help="only the first N questions, or dialogues"
    )
    return parser


def _folder(text: str) -> Path:
    # Path("") is the current folder, which an unset shell variable should not mean.
    if not text:
        raise argparse.ArgumentTypeError("an empty name")
    return Path(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2025-01-31") from None


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


# -- ask -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question, as it is to be put. ``echo`` is what its JSON repeats from the input."""

    text: str
    history: tuple[Any, ...] = ()
    until: date | None = None
    echo: Mapping[str, Any] | None = None


def _ask(args: argparse.Namespace) -> int:
    settings = _settings(args)
    if args.since and args.until and args.since > args.until:
        raise QuestionError(
            f"--since {args.since} lies after --until {args.until}.", "Exchange the two."
        )
    if args.questions is not None:
        if args.question:
            raise QuestionError(
                "There is both a question and --questions.", "Give the one or the other."
            )
        asked = _questions(args.questions)
    else:
        asked = [_Asked(_checked(" ".join(args.question)))]
    with _assistant(args, settings) as assistant, _Bar() as bar:
        notes = _synced(args, assistant, bar)
        if args.questions is None:
            return _ask_one(args, assistant, asked[0], notes, bar)
        return _ask_many(args, assistant, asked, notes, bar)


def _ask_one(
    args: argparse.Namespace,
    assistant: Assistant,
    asked: _Asked,
    notes: Sequence[str],
    bar: _Bar,
) -> int:
    bar.show("understanding")
    answer = assistant.answer(asked.text, (), _filters(args, asked), notes=notes, on_stage=bar.show)
    bar.clear()
    if args.json:
        _put(_json(answer.to_dict(), indent=2) + "\n")
    else:
        _put(_shown(assistant, answer))
    return 0


def _ask_many(
    args: argparse.Namespace,
    assistant: Assistant,
    asked: Sequence[_Asked],
    notes: Sequence[str],
    bar: _Bar,
) -> int:
    began = time.perf_counter()
    answered = 0
    for done, question in enumerate(asked):
        bar.progress("answering")(done, len(asked), "")
        try:
            answer = assistant.answer(
                question.text, question.history, _filters(args, question), notes=notes
            )
        except UserError as problem:
            raise UserError(
                f"After {done} of {len(asked)} questions: {problem.message}", problem.remedy
            ) from problem
        answered += bool(answer.claims)
        bar.clear()
        if args.json:
            _put(_json({**(question.echo or {}), **answer.to_dict()}) + "\n")
        else:
            _put(f"{_plain(question.text)}\n\n{_shown(assistant, answer)}\n")
    _say(
        f"{answered} answered, {len(asked) - answered} without evidence, "
        f"in {time.perf_counter() - began:.1f} s"
    )
    return 0


def _synced(args: argparse.Namespace, assistant: Assistant, bar: _Bar) -> tuple[str, ...]:
    """Sync where the folder has changed. Returns what the answers should note."""
    note = ""
    if not getattr(args, "no_sync", False):
        report, note = assistant.sync_if_changed(progress=bar.progress("indexing"))
        bar.clear()
        if report is not None and report.failed:
            _say(f"{_files(len(report.failed))} could not be indexed:")
            _say_refused(report.failed)
        if note:
            _say(note)
    index = assistant.index
    if index.exists and index.manifest.counts()[0] == 0:
        # That nothing was found would be true of every question, and an answer to none.
        raise CorpusError(
            f"The index of {assistant.corpus} holds no documents.",
            "See why with: onrecord status DIR",
        )
    return (note,) if note else ()


def _filters(args: argparse.Namespace, asked: _Asked) -> Filters:
    from assistant.types import Filters

    days = [day for day in (args.until, asked.until) if day]
    return Filters(tuple(args.document), args.since, min(days, default=None))


def _shown(assistant: Assistant, answer: Answer) -> str:
    from assistant.render import to_text

    return to_text(
        # The notes have been said on standard error.
        replace(answer, notes=()),
        width=min(_WIDEST, shutil.get_terminal_size().columns),
        color=_colors(sys.stdout),
        context=_context(assistant),
    )


def _context(assistant: Assistant) -> Context:
    from assistant.render import surroundings

    def context(citation: Any) -> tuple[str, str]:
        try:
            layer = assistant.index.text(citation.sha256)
        except UserError:
            # Replaced and pruned since the answer was made, whose quote stands by itself.
            return "", ""
        return surroundings(layer, citation.start, citation.end)

    return context


def _checked(question: str) -> str:
    """The question, if it is one."""
    from assistant.pipeline import check_question

    check_question(question)
    return question


def _questions(name: str) -> list[_Asked]:
    """The questions of a file of JSON lines.

    Raises:
        QuestionError: with every line that is no question, so that all can be put right at once.
    """
    asked: list[_Asked] = []
    problems: list[str] = []
    for number, line in enumerate(_read(name).split(b"\n"), start=1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not text.strip():
            continue
        try:
            asked.append(_question(text))
        except UserError as problem:
            problems.append(f"line {number}: {problem.message}")
    shown = "Standard input" if name == "-" else name
    if problems:
        count = "1 line" if len(problems) == 1 else f"{len(problems)} lines"
        raise QuestionError(
            "\n".join([f"{shown} has {count} that can't be asked:", *problems]),
            'Write each line as JSON: {"question": "…"}. Nothing was asked.',
        )
    if not asked:
        raise QuestionError(f"{shown} has no questions.", 'Write lines such as {"question": "…"}.')
    return asked


def _question(line: bytes) -> _Asked:
    from assistant.pipeline import turns

    remedy = ""
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise QuestionError("not UTF-8", remedy) from None
    except (ValueError, RecursionError) as problem:
        reason = getattr(problem, "msg", "nested too deeply or a number too long")
        raise QuestionError(f"not JSON ({reason})", remedy) from None
    if not isinstance(value, dict):
        raise QuestionError("not a JSON object", remedy)
    question, history, day = (value.get(key) for key in ("question", "history", "date"))
    if not isinstance(question, str):
        raise QuestionError('no "question", or it is not text', remedy)
    if not isinstance(history, list | None):
        raise QuestionError('"history" is not a list', remedy)
    if not _encodable(json.dumps([question, history, value.get("id")], ensure_ascii=False)):
        raise QuestionError("half a character (a lone surrogate)", remedy)
    _checked(question)
    until = None
    if day is not None:
        try:
            until = date.fromisoformat(day)
        except (TypeError, ValueError):
            raise QuestionError(f'"date" {day!r} is not a day such as 2025-01-31', remedy) from None
    echo = {"id": value["id"]} if "id" in value else None
    return _Asked(question, turns(history or ()), until, echo)


# -- the index -----------------------------------------------------------------------------------


def _index(args: argparse.Namespace) -> int:
    settings = _settings(args)
    with _assistant(args, settings) as assistant:
        with _Bar() as bar:
            report = assistant.sync(
                verify=args.verify,
                allow_empty=args.allow_empty,
                rebuild=args.rebuild,
                progress=bar.progress("indexing"),
            )
        corpus, path = assistant.corpus, assistant.index.path
    if args.json:
        _put(_json({"corpus": str(corpus), "index": str(path), **asdict(report)}, indent=2) + "\n")
    else:
        _put(_report(corpus, report))
    if report.failed:
        _say(f"{_files(len(report.failed))} could not be indexed:")
        _say_refused(report.failed)
    held = len(report.added) + len(report.changed) + report.unchanged
    if report.failed and not held:
        _say("Nothing could be indexed.")
        return 2
    return 0


def _report(corpus: Path, report: SyncReport) -> str:
    lines = [f"{_plain(str(corpus))}, in {report.seconds:.1f} s"]
    if report.repaired:
        lines.append(f"  repaired after a sync that died: {_plain(report.repaired)}")
    for kind in ("added", "changed", "removed"):
        paths: tuple[str, ...] = getattr(report, kind)
        names = ", ".join(_plain(path) for path in paths[:_NAMED])
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        lines.append(f"  {kind:<10}{len(paths):>7}" + (f"   {names}{more}" if paths else ""))
    lines.append(f"  {'unchanged':<10}{report.unchanged:>7}")
    lines.append(f"  {'failed':<10}{len(report.failed):>7}")
    lines.append(f"  {'skipped':<10}{len(report.skipped):>7}")
    reasons: dict[str, list[str]] = {}
    for refused in report.skipped:
        reasons.setdefault(refused.reason, []).append(refused.path)
    for reason, skipped in reasons.items():
        names = ", ".join(_plain(path) for path in skipped[:_NAMED])
        more = f" and {len(skipped) - _NAMED} more" if len(skipped) > _NAMED else ""
        lines.append(f"    {_plain(reason)}: {names}{more}")
    return "\n".join(lines) + "\n"


def _status(args: argparse.Namespace) -> int:
    with _assistant(args, _settings(args)) as assistant:
        status = assistant.status()
    if args.json:
        _put(_json(asdict(status), indent=2) + "\n")
        return 0
    changed = "may have changed since the last sync; run: " + _command(args, "index")
    rows = [
        ("folder", _plain(str(status.corpus))),
        ("index", f"{_plain(str(status.index))} ({_bytes(status.size_bytes)})"),
        ("documents", f"{status.documents}, in {status.passages} passages"),
        ("model", _plain(status.model)),
        ("generation", str(status.generation)),
        ("state", changed if status.changed else "up to date"),
        ("failed", str(len(status.failures))),
    ]
    lines = [f"{name:<12}{value}" for name, value in rows]
    lines += [f"  {_refused(refused)}" for refused in status.failures]
    _put("\n".join(lines) + "\n")
    return 0


def _prune(args: argparse.Namespace) -> int:
    with _assistant(args, _settings(args)) as assistant:
        count, size = assistant.prune()
    _put(f"dropped {count} old {'text' if count == 1 else 'texts'}, {_bytes(size)}\n")
    return 0


# -- verify --------------------------------------------------------------------------------------


def _verify(args: argparse.Namespace) -> int:
    settings = _settings(args)
    saved = _saved(args.saved)
    with _assistant(args, settings) as assistant:
        results = [
            (number, result)
            for number, answer in enumerate(saved, start=1)
            for result in assistant.recheck(answer)
        ]
    bad = [(number, result) for number, result in results if result.status != "ok"]
    for number, result in bad:
        where = f"answer {number} " if len(saved) > 1 else ""
        _put(
            f"{where}[{result.marker}] {_plain(result.document)}: {result.status}. "
            f"{_plain(result.detail)}\n"
        )
    _put(
        f"{len(results)} quotes checked: {len(results) - len(bad)} exactly there, {len(bad)} not\n"
    )
    return 1 if bad else 0


# -- serve ---------------------------------------------------------------------------------------


def _serve(args: argparse.Namespace) -> int:
    settings = _settings(args)
    from assistant.ui.guard import read_users
    from assistant.ui.serving import Serving, serve

    serving = Serving(
        host=args.host,
        port=args.port,
        users=read_users(args.auth) if args.auth else None,
        read_only=args.read_only,
        max_upload=args.max_upload * 1_000_000,
        mcp=args.mcp,
        url=args.url,
    )
    if not serving.local:
        _say("Passwords go over the network as they are: put a proxy with TLS in front.")
    elif serving.url and not serving.users:
        _say(f"Whoever can reach {serving.url} can read the documents and change them: see --auth.")
    with _assistant(args, settings) as assistant:
        serve(assistant, serving, lambda url: _say(f"OnRecord is at {url} (stop with Ctrl-C)"))
    return 0


_SHA256 = re.compile(r"[0-9a-f]{64}")


def _saved(name: str) -> list[dict[str, Any]]:
    """The answers of a file: one, a list of them, or one after the other (JSON lines)."""
    shown = "Standard input" if name == "-" else name
    remedy = "Save answers with: onrecord ask … --json > FILE"
    try:
        text = _read(name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{shown} is not UTF-8.", remedy) from None
    decoder = json.JSONDecoder()
    found: list[Any] = []
    at = 0
    while at < len(text):
        if text[at] in " \t\r\n":
            at += 1
            continue
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as problem:
            line = text.count("\n", 0, getattr(problem, "pos", at)) + 1
            raise UserError(f"{shown} is not JSON (line {line}).", remedy) from None
        found += value if isinstance(value, list) else [value]
    if not found:
        raise UserError(f"{shown} has no answers.", remedy)
    for number, answer in enumerate(found, start=1):
        if objection := _objection(answer):
            raise UserError(f"{shown}: answer {number} {objection}.", remedy)
    return found


def _objection(answer: Any) -> str:
    """Why this is no saved answer; empty when it is one. What is not seen here is left to
    :func:`assistant.verify.recheck`."""
    if not isinstance(answer, dict) or not isinstance(answer.get("citations"), list):
        return "has no list of citations"
    if answer.get("outcome") not in ("answered", "no_evidence"):
        return "has no proper outcome"
    if answer["outcome"] == "answered" and not answer["citations"]:
        return "is answered and cites nothing"
    for number, citation in enumerate(answer["citations"], start=1):
        known = citation if isinstance(citation, dict) else {}
        path, version = known.get("document"), known.get("sha256")
        # They become parts of file names.
        if not isinstance(path, str) or not path or "\0" in path or not _encodable(path):
            return f"has no proper 'document' in citation {number}"
        if not isinstance(version, str) or not _SHA256.fullmatch(version):
            return f"has no proper 'sha256' in citation {number}"
    return ""


# -- eval ----------------------------------------------------------------------------------------


def _eval(args: argparse.Namespace) -> int:
    args.corpus = args.folder / "docs"
    settings = _settings(args)
    _quiet(settings)
    run, first = _of_dialogues(args) if args.dialogues else _of_questions(args)
    forced = replace(settings, min_confidence=0.0)
    with _assistant(args, forced) as assistant, _Bar() as shown:
        bar = settings.min_confidence
        if bar is None:
            bar = assistant.shipped_threshold

        def ask(item: Item, **told: Any) -> Answer:
            return assistant.answer(item.question, item.history, item.filters, **told)

        _synced(args, assistant, shown)
        # Once for nothing: it loads the models, which is not what the latency should tell.
        shown.show("loading")
        ask(first)
        writing = None
        if settings.llm is not None and not args.dialogues:
            from assistant.evaluation.writing import Observer

            writing = Observer(args.folder / "docs", ask, bar)
        report = run(writing or ask, threshold=bar, progress=shown.progress("asking"))
    values, texts = report.to_dict(), [report.to_text(), report.to_markdown()]
    if writing is not None:
        written = writing.written()
        values["writing"] = {**written.to_dict(), "each": [one.to_dict() for one in writing.each]}
        texts[0] += f"\nIn the model's words, where it is answered\n\n{written.to_text()}"
        texts[1] += f"\n## In the model's words\n\n{written.to_markdown()}"
    if args.json:
        _write(args.json, _json(values, indent=2) + "\n")
    if args.markdown:
        _write(args.markdown, texts[1])
    _put(texts[0].rstrip("\n") + "\n")
    return 0


def _of_questions(args: argparse.Namespace) -> tuple[Callable[..., Report], Item]:
    """What asks the questions of a set, and the first of them."""
    from assistant.evaluation.runner import evaluate, load_set

    found = load_set(args.folder)
    if args.limit is not None:
        found = replace(found, items=found.items[: args.limit])
    return partial(evaluate, found), found.items[0]


def _of_dialogues(args: argparse.Namespace) -> tuple[Callable[..., DialogueReport], Item]:
    """The same for its dialogues."""
    from assistant.evaluation.dialogues import evaluate_dialogues, load_dialogues

    found = load_dialogues(args.folder)
    if args.limit is not None:
        found = replace(found, dialogues=found.dialogues[: args.limit])
    return partial(evaluate_dialogues, found), found.dialogues[0].turns[0]


# -- shared --------------------------------------------------------------------------------------


def _settings(args: argparse.Namespace) -> Settings:
    """The settings file, with the options of the command line over it."""
    from assistant.config import Settings

    settings = Settings.load(args.settings) if args.settings else Settings()
    given = {
        name: value
        for name in ("model", "cross_encoder", "chroma", "min_confidence", "llm", "llm_model")
        if (value := getattr(args, name, None)) is not None
    }
    return replace(settings, **given)


@contextmanager
def _assistant(args: argparse.Namespace, settings: Settings) -> Iterator[Assistant]:
    _quiet(settings)
    from assistant.pipeline import Assistant

    with Assistant.open(corpus=args.corpus, index=args.index, settings=settings) as assistant:
        yield assistant


def _quiet(settings: Settings) -> None:
    """Before the first heavy import: nothing phones home, and nothing chatters."""
    if settings.model_is_local:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    for name, value in (
        ("ANONYMIZED_TELEMETRY", "False"),
        ("GRADIO_ANALYTICS_ENABLED", "False"),
        ("HF_HUB_DISABLE_PROGRESS_BARS", "1"),
        ("HF_HUB_DISABLE_TELEMETRY", "1"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1"),
        ("TRANSFORMERS_VERBOSITY", "error"),
    ):
        os.environ.setdefault(name, value)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.ERROR, format="onrecord: %(message)s")


def _read(name: str) -> bytes:
    """A file's bytes, or standard input's for ``-``."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise UserError(f"{name} can't be read: {reason}.", "Name a file that is there.") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as problem:
        raise UserError(
            f"{path} can't be written: {problem.strerror or problem}.", "Name another place."
        ) from None


class _ReaderGone(Exception):
    """Whoever read standard output does so no more, such as ``head`` after its ten lines."""


def _put(text: str) -> None:
    """Write to standard output, and through."""
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        # What is left in the buffer goes nowhere, or Python would complain at its end.
        with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise _ReaderGone from None
    except OSError as failure:
        raise UserError(
            f"The output can't be written: {failure.strerror or failure}.", "Send it elsewhere."
        ) from None


# JSON keeps these as escapes: a terminal would obey them, or a reader of lines part a line there.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _json(value: Any, indent: int | None = None) -> str:
    """JSON in UTF-8, or in ASCII where standard output takes no UTF-8."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    text = json.dumps(value, ensure_ascii=encoding != "utf8", indent=indent, default=str)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _plain(text: str) -> str:
    from assistant.render import plain

    return plain(text)


def _say(text: str) -> None:
    """A line on standard error."""
    with suppress(OSError, ValueError):
        print(f"onrecord: {_plain(text)}", file=sys.stderr, flush=True)


def _complain(problem: UserError, args: argparse.Namespace) -> None:
    """What is wrong and what to do about it."""
    first, *others = (line for line in problem.message.split("\n") if line.strip())
    _say(first)
    # The index does not know by which names the user called for it.
    remedy = re.sub(
        r"onrecord (index|status)( DIR)?", lambda found: _command(args, found[1]), problem.remedy
    )
    with suppress(OSError, ValueError):
        for line in (*others, remedy):
            print(f"  {_plain(line)}", file=sys.stderr, flush=True)


def _command(args: argparse.Namespace, name: str) -> str:
    """The command for the same folder, index and model."""
    words = ["onrecord", name]
    if args.corpus is not None:
        words.append(str(args.corpus))
    for option in ("index", "settings", "model", "chroma"):
        if (value := getattr(args, option)) is not None:
            words += [f"--{option}", str(value)]
    return shlex.join(words)


def _say_refused(refused: Sequence[Refused]) -> None:
    for each in refused:
        with suppress(OSError, ValueError):
            print(f"  {_refused(each)}", file=sys.stderr, flush=True)


def _refused(refused: Refused) -> str:
    # Some reasons begin with the path, some do not.
    named = refused.reason.startswith(refused.path)
    reason = refused.reason if named else f"{refused.path}: {refused.reason}"
    return _plain(f"{reason} {refused.remedy}")


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _bytes(size: int) -> str:
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def _colors(stream: TextIO | None) -> bool:
    return _terminal(stream) and not os.environ.get("NO_COLOR")


class _Bar:
    """One line on standard error that shows how far things are; nothing without a terminal."""

    def __init__(self) -> None:
        self._on = _terminal(sys.stderr)
        self._drawn = False
        self._next = 0.0

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def show(self, text: str) -> None:
        """Say what is being done."""
        if self._on:
            room = shutil.get_terminal_size().columns - 1
            with suppress(OSError, ValueError):
                print(f"\r\x1b[K{_plain(text)[:room]}", end="", file=sys.stderr, flush=True)
            self._drawn = True

    def progress(self, what: str) -> Callable[[int, int, str], None]:
        """A callback for :data:`index.sync.Progress`; draws ten times a second at most."""

        def draw(done: int, total: int, path: str) -> None:
            now = time.monotonic()
            if not self._on or (now < self._next and done < total):
                return
            self._next = now + 0.1
            full = 20 * done // total if total else 20
            self.show(f"{what} [{'#' * full}{'.' * (20 - full)}] {done}/{total} {path}")

        return draw

    def clear(self) -> None:
        """Leave an empty line, for what is printed next."""
        if self._drawn:
            with suppress(OSError, ValueError):
                print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._drawn = False
