"""Makes an accepted version champion, asks a person before, and returns to a former one."""
