"""Writes the feature tables, window by window."""
