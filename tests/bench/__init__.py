"""Benchmarks: `python -m tests.bench`. They print ratios against a base taken in the same run."""
