"""Trains a model on a point-in-time training set, and registers one version for equal inputs."""
