"""Observes what became of inputs, predictions and performance."""
