"""Dual encoders: the protocol, its backends, zero-shot classifiers and probes."""
