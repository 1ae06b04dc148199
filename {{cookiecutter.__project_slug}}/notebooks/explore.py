# Databricks notebook source
# MAGIC %md
# MAGIC # Explore
# MAGIC How often flights are late, by hour, carrier and week, in the data that was known on a date.

# COMMAND ----------

# MAGIC %pip install --quiet .. databricks-feature-engineering==0.13.0

# COMMAND ----------

from {{ cookiecutter.__package }}.use_case.exploration import plot_late_shares, read_late_flights

dbutils.widgets.text("source", "prod.{{ cookiecutter.__package }}_raw")
dbutils.widgets.text("as_of", "2013-05-13")

# COMMAND ----------

flights = read_late_flights(spark, dbutils.widgets.get("source"), dbutils.widgets.get("as_of"))
display(flights.limit(10))

# COMMAND ----------

display(plot_late_shares(flights))
