"""Feature tables: one pure function each, and only what was known at a row's timestamp."""
