"""Hands the predictions in force on to other systems."""
