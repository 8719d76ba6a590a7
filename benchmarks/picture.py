"""The picture in the README: the example question, as a terminal shows its answer.

    python -m benchmarks.picture

Writes ``docs/answer.svg``. Needs rich, which comes with the dependencies.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

QUESTION = "what does the US expect from Europe?"
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "answer.svg"
WIDTH = 84


def main() -> None:
    from rich.console import Console
    from rich.text import Text

    from assistant.pipeline import Assistant
    from assistant.render import to_text

    with tempfile.TemporaryDirectory() as folder, Assistant.open(index=folder) as assistant:
        assistant.sync()
        assistant.answer(QUESTION)  # once for nothing, so that the time shown is a warm one
        answer = assistant.answer(QUESTION)
        shown = to_text(answer, width=WIDTH, color=True, context=None)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f'$ onrecord ask "{QUESTION}"\n', style="bold"))
    console.print(Text.from_ansi(shown))
    drawing = console.export_svg(title="onrecord", unique_id="onrecord")
    # The stylesheet would fetch a font from another host; a reader's own will do.
    drawing = re.sub(r"@font-face\s*{[^}]*}", "", drawing)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawing, "utf-8")


if __name__ == "__main__":
    main()
