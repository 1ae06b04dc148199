"""Reads, plays and delivers Databricks Asset Bundles."""

import time

# Spark and MLflow take seconds to import: `bundlework times` counts from here.
BEGAN = time.time()
