"""Checks, deploys and describes the bundle. For people and pipelines; not part of the wheel."""
