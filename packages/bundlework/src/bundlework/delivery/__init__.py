"""Deploys, releases and reports through the Databricks CLI, git and the clouds' own programs."""
