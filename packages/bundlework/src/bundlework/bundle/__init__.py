"""Reads, resolves and checks a bundle; needs no Spark, no MLflow and no workspace."""
