"""Toxicity: what a drug does to organs, from exposure to laboratory value."""
