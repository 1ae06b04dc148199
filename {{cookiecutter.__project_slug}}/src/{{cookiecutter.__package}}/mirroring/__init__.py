"""Copies production's raw tables, redacted, for development without personal data."""
