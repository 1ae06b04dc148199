"""Takes a newer version of the template over into a project.

Nothing here needs more than Python, git and uv: the update also runs where the project's own
environment is not installed.
"""
