"""Speed and quality, measured; and what they last printed, in ``results/``.

python -m benchmarks.speed      how fast, how much memory, how large
python -m benchmarks.quality    how right, on question sets
python -m benchmarks.peers      both, side by side with what else there is
python -m benchmarks.readme     the tables of README.md and BENCHMARKS.md from the results
"""
