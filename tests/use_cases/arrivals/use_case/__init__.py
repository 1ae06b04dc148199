"""All that belongs to the use case: tables, sources, features, the problem and the model."""
