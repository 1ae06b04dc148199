"""Plays a bundle's jobs on this machine, with Spark, Delta, MLflow and the feature client.

State lives in one folder, `.workspace/`.
"""
