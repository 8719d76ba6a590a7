"""Average the weights of two runs, one of which began with the other's.

    python training/average.py --runs WORK/ONE WORK/OTHER [--share 0.25] --write WORK/MEAN

Along a run the loss is a valley that does not bend, and its middle generalises better than either
end (weights averaged after training: Izmailov et al. 2018; between the model one began with and the
one that came out: Wortsman et al. 2022). Written is what a run writes: ``model`` and ``span.pt``.
Where the one that was begun with has no ``span.pt``, the other's is taken whole.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from training.train_cross_encoder import Reader, load, load_span


def average(one: Path, other: Path, target: Path, share: float = 0.5) -> None:
    """The mean of two runs' weights.

    Args:
        one, other: their folders, with ``model`` and ``span.pt``.
        share: how much of the mean is the first's, in [0, 1].

    Raises:
        ValueError: they are not of one shape, or neither has a ``span.pt``.
    """
    spans = [load_span(folder / "model") for folder in (one, other)]
    if not any(spans):
        raise ValueError("neither of the models says where an answer stands: no span.pt")
    tokenizer, classifier = load(one / "model")
    mean = Reader(classifier, spans[0] or spans[1])
    second = Reader(load(other / "model")[1], spans[1] or spans[0])
    added = second.state_dict()
    weights = mean.state_dict()
    if {n: w.shape for n, w in weights.items()} != {n: w.shape for n, w in added.items()}:
        raise ValueError("two models of different shapes have no mean")
    mean.load_state_dict(
        {
            n: share * w + (1 - share) * added[n] if w.is_floating_point() else w
            for n, w in weights.items()
        }
    )
    target.mkdir(parents=True, exist_ok=True)
    mean.model.save_pretrained(target / "model")
    tokenizer.save_pretrained(target / "model")
    torch.save(mean.span.state_dict(), target / "span.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--runs", type=Path, nargs=2, required=True, metavar="DIR")
    parser.add_argument("--share", type=float, default=0.5, help="of the first in the mean")
    parser.add_argument("--write", type=Path, required=True, help="the folder of the result")
    args = parser.parse_args()
    if not 0.0 <= args.share <= 1.0:
        parser.error("--share is a number from 0 to 1")
    average(*args.runs, args.write, args.share)


if __name__ == "__main__":
    main()
