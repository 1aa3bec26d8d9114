"""How long everything takes: ``pytest benchmarks --benchmark-only``."""
