"""Measures Quarterjack: `python -m perf`. Ratios to a peer or a raw limit, never bare numbers."""
