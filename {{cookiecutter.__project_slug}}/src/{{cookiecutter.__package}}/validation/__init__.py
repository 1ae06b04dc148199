"""The gate: judges a version by checks on unseen data."""
