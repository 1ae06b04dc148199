"""Publishes features to an online store, and serves the champion by an endpoint."""
