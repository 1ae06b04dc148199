"""Predictions of the champion: one scoring function, whatever calls it."""
