"""Before anything runs: every table empty with its final schema, tags, and the job of the model."""
