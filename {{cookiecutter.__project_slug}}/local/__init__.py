"""The laptop's workspace: runs the bundle's jobs here, with Spark, Delta, MLflow and features.

It knows nothing of the project: the job graph comes from `databricks.yml`, the code from the
entry points of `pyproject.toml`. State lives in `.workspace/`.
"""
