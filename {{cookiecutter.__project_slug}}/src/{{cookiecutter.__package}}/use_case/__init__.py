"""All that is the owner's: problem, tables, sources, features and model."""
