"""Scores flights with the champion."""
