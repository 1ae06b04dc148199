# Databricks notebook source
# MAGIC %md
# MAGIC # Review a model
# MAGIC What the gate found of a version: data, features, metrics, calibration, slices, decision.

# COMMAND ----------

# MAGIC %pip install --quiet .. databricks-feature-engineering==0.13.0

# COMMAND ----------

import mlflow

from {{ cookiecutter.__package }}.validation.card import read_page

dbutils.widgets.text("model_name", "")
dbutils.widgets.text("model_version", "")

# COMMAND ----------

client = mlflow.MlflowClient()
name, version = dbutils.widgets.get("model_name"), dbutils.widgets.get("model_version")
displayHTML(read_page(client, name, int(version)))
