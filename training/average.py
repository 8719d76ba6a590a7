"""Average the weights of two runs, one of which began with the other's.

    python training/average.py --runs WORK/ONE WORK/OTHER --write WORK/MEAN

Along a run the loss is a valley that does not bend, and its middle generalises better than either
end (weights averaged after training: Izmailov et al. 2018; between the model one began with and the
one that came out: Wortsman et al. 2022). Written is what a run writes: ``model`` and ``span.pt``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from training.train_cross_encoder import Reader, load, load_span


def average(one: Path, other: Path, target: Path) -> None:
    """The mean of two runs' weights.

    Args:
        one, other: their folders, with ``model`` and ``span.pt``.

    Raises:
        ValueError: they are not of one shape.
    """
    tokenizer, classifier = load(one / "model")
    mean = Reader(classifier, load_span(one / "model"))
    second = Reader(load(other / "model")[1], load_span(other / "model"))
    added = second.state_dict()
    weights = mean.state_dict()
    if {n: w.shape for n, w in weights.items()} != {n: w.shape for n, w in added.items()}:
        raise ValueError("two models of different shapes have no mean")
    mean.load_state_dict(
        {n: (w + added[n]) / 2 if w.is_floating_point() else w for n, w in weights.items()}
    )
    target.mkdir(parents=True, exist_ok=True)
    mean.model.save_pretrained(target / "model")
    tokenizer.save_pretrained(target / "model")
    torch.save(mean.span.state_dict(), target / "span.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--runs", type=Path, nargs=2, required=True, metavar="DIR")
    parser.add_argument("--write", type=Path, required=True, help="the folder of the result")
    args = parser.parse_args()
    average(*args.runs, args.write)


if __name__ == "__main__":
    main()
