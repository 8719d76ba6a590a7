"""What stands in for a module while another is imported."""

from __future__ import annotations

import sys
import threading

import pytest

from index.late import standing_in
from tests.index.making import run_python


def test_it_is_there_while_that_lasts_and_the_real_one_afterwards() -> None:
    sys.modules.pop("this_is_no_module", None)
    with standing_in("this_is_no_module.at.all", made=len):
        from this_is_no_module.at.all import made  # type: ignore[import-not-found]

        assert made is len
    assert "this_is_no_module.at.all" not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        from this_is_no_module.at.all import made


def test_what_is_loaded_already_is_left_alone() -> None:
    with standing_in("threading", Thread=len):
        from threading import Thread

        assert Thread is threading.Thread
    assert sys.modules["threading"] is threading


def test_what_came_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with standing_in("colorsys", hls_to_rgb=len):
        del sys.modules["colorsys"]
        import colorsys
    assert sys.modules["colorsys"] is colorsys
    assert colorsys.hls_to_rgb(0.0, 1.0, 0.0) == (1.0, 1.0, 1.0)


def test_a_failure_leaves_nothing_behind() -> None:
    with pytest.raises(ZeroDivisionError), standing_in("no_module_either", made=len):
        _ = 1 // 0
    assert "no_module_either" not in sys.modules


def test_chroma_without_grpc_and_its_traces_all_the_same() -> None:
    """gRPC takes a tenth of a second, for traces that nobody asked for."""
    done = run_python(
        "import sys, tempfile; from pathlib import Path; from index.store import ChunkStore\n"
        "store = ChunkStore(Path(tempfile.mkdtemp())); print(store.count())\n"
        "print([m for m in ('grpc', 'google.protobuf') if m in sys.modules])\n"
        "import chromadb.telemetry.opentelemetry as traces\n"
        "made = traces.OTLPSpanExporter(endpoint='http://127.0.0.1:9')\n"
        "print(type(made).__module__, 'grpc' in sys.modules)"
    )
    assert done.stdout.splitlines() == [
        "0",
        "[]",
        "opentelemetry.exporter.otlp.proto.grpc.trace_exporter True",
    ], done.stderr
