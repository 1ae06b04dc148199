"""One pure function for each feature table, of what was known at a row's timestamp."""
