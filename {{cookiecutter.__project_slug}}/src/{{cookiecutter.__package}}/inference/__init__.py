"""Scores examples with the champion."""
