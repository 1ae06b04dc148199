"""A redacted copy of production's raw tables, for development without personal data."""
