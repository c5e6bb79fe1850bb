"""What is measured, against what: `python -m benchmarks --help`. Timings belong here and never into tests."""
