"""What is read of a training's log, exactly; and that it can be drawn. The logs are made up."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from training import curves
from training.curves import Run, one_after_the_other, read_log, smooth


def started(run: str, *, resume: bool = False) -> dict[str, Any]:
    event = "resumed" if resume else "started"
    return {"event": event, "args": {"run": run, "resume": resume, "pairs": 420000}}


def step(pairs: int, loss: float, rate: float) -> dict[str, Any]:
    return {"step": pairs // 100, "loss": loss, "pairs": pairs, "seconds": 1.0, "rate": rate}


def watched(pairs: int, trec: float, wiki: float) -> dict[str, Any]:
    return {
        "step": pairs // 100,
        "pairs": pairs,
        "trecqa_dev_map": trec,
        "wiki_dev_first": wiki,
    }


def lines(*values: dict[str, Any]) -> list[str]:
    return [json.dumps(value) + "\n" for value in values]


FIRST = lines(
    started("span"),
    {"event": "encoded", "pairs": 999999, "tokens": 5},
    step(2500, 4.0, 1e-5),
    step(5000, 3.0, 2e-5),
    watched(6000, 0.8, 0.7),
    step(7500, 2.0, 1.5e-5),
    {"event": "stopped", "step": 80, "pairs": 8000},
)
SECOND = lines(
    started("mix"),
    step(2500, 1.5, 1e-5),
    watched(2600, 0.85, 0.75),
    {"event": "done", **watched(3000, 0.9, 0.8)},
)


def test_a_log_becomes_curves() -> None:
    assert read_log(FIRST) == Run(
        name="span",
        begin=0,
        end=8000,
        loss=((2500, 4.0), (5000, 3.0), (7500, 2.0)),
        rate=((2500, 1e-5), (5000, 2e-5), (7500, 1.5e-5)),
        figures={"trecqa_dev_map": ((6000, 0.8),), "wiki_dev_first": ((6000, 0.7),)},
    )
    assert read_log(SECOND, "other") == Run(
        name="other",
        begin=0,
        end=3000,
        loss=((2500, 1.5),),
        rate=((2500, 1e-5),),
        figures={
            "trecqa_dev_map": ((2600, 0.85), (3000, 0.9)),
            "wiki_dev_first": ((2600, 0.75), (3000, 0.8)),
        },
    )


def test_a_log_without_lines_is_a_run_without_points() -> None:
    assert read_log([]) == Run(name="", begin=0, end=0, loss=(), rate=(), figures={})


def test_what_was_logged_beyond_the_checkpoint_is_replaced_when_resumed() -> None:
    again = lines(started("span", resume=True), step(5200, 2.5, 2e-5), step(7700, 1.9, 1e-5))
    run = read_log([*FIRST, *again])
    assert run.loss == ((2500, 4.0), (5000, 3.0), (5200, 2.5), (7700, 1.9))
    assert run.figures == {}
    assert run.end == 7700


def test_a_run_begun_anew_leaves_nothing_of_the_one_before() -> None:
    assert read_log([*FIRST, *SECOND]) == read_log(SECOND)


def test_figures_taken_twice_at_one_place_count_once() -> None:
    run = read_log(lines(watched(3000, 0.8, 0.7), {"event": "done", **watched(3000, 0.9, 0.8)}))
    assert run.figures == {"trecqa_dev_map": ((3000, 0.9),), "wiki_dev_first": ((3000, 0.8),)}


def test_a_last_line_that_is_half_written_is_passed_over_and_no_other() -> None:
    assert read_log([*FIRST, '{"step": 1, "lo']) == read_log(FIRST)
    with pytest.raises(ValueError, match=r"^line 2: "):
        read_log([FIRST[0], '{"step": 1, "lo\n', FIRST[1]])
    with pytest.raises(ValueError, match=r"^line 1: not an object$"):
        read_log(["[1]\n"])


def test_runs_follow_one_another_on_one_axis() -> None:
    first, second, third = one_after_the_other([read_log(log) for log in (FIRST, SECOND, SECOND)])
    assert first == read_log(FIRST)
    assert (second.begin, second.end) == (8000, 11000)
    assert (third.begin, third.end) == (11000, 14000)
    assert second.loss == ((10500, 1.5),)
    assert second.rate == ((10500, 1e-5),)
    assert second.figures["trecqa_dev_map"] == ((10600, 0.85), (11000, 0.9))
    assert third.figures["wiki_dev_first"] == ((13600, 0.75), (14000, 0.8))
    assert one_after_the_other([]) == []


def test_a_smooth_curve_is_of_means_around_each_point() -> None:
    points = tuple(enumerate((5.0, 4.0, 6.0, 2.0, 3.0)))
    assert smooth(points, 3) == ((0, 5.0), (1, 5.0), (2, 4.0), (3, 11 / 3), (4, 3.0))
    assert smooth(points, 5) == ((0, 5.0), (1, 5.0), (2, 4.0), (3, 11 / 3), (4, 3.0))
    assert smooth(points, 1) == points
    assert smooth((), 3) == ()
    # A straight line stays one.
    line = tuple((n, 2.0 * n) for n in range(7))
    assert smooth(line, 5) == line


def written(folder: Path, *logs: Sequence[str]) -> list[str]:
    files = [folder / f"{number}.jsonl" for number in range(len(logs))]
    for file, log in zip(files, logs, strict=True):
        file.write_text("".join(log), "utf-8")
    return [str(file) for file in files]


@pytest.mark.parametrize("logs", [(FIRST,), (FIRST, SECOND), ([],)])
def test_a_picture_is_drawn(tmp_path: Path, logs: tuple[list[str], ...]) -> None:
    picture = tmp_path / "new" / "curves.png"
    assert curves.main([*written(tmp_path, *logs), "--write", str(picture)]) == 0
    signature, width, height = struct.unpack(">8s8xII", picture.read_bytes()[:24])
    assert (signature, width, height) == (b"\x89PNG\r\n\x1a\n", 1800, 1280)


def test_what_is_drawn_is_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(curves, "draw", lambda runs, file: drawn.append((runs, file)))
    logs = written(tmp_path, FIRST, SECOND)
    assert curves.main([*logs, "--write", "a.png", "--names", "one", "two"]) == 0
    assert drawn == [
        (
            one_after_the_other([read_log(FIRST, "one"), read_log(SECOND, "two")]),
            Path("a.png"),
        )
    ]


def test_a_log_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bad,) = written(tmp_path, ["no\n"])
    assert curves.main([bad, "--write", str(tmp_path / "a.png")]) == 2
    assert capsys.readouterr().err.startswith(f"{bad}: line 1: ")
    missing = str(tmp_path / "missing")
    assert curves.main([missing, "--write", str(tmp_path / "a.png")]) == 2
    assert capsys.readouterr().err.startswith(f"{missing}: ")
    assert not (tmp_path / "a.png").exists()


def test_every_log_gets_a_name_or_none_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = written(tmp_path, FIRST, SECOND)
    with pytest.raises(SystemExit) as ended:
        curves.main([*logs, "--write", "a.png", "--names", "one"])
    assert ended.value.code == 2
    assert "1 names for 2 logs" in capsys.readouterr().err
