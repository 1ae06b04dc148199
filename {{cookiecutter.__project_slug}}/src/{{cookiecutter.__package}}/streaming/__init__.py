"""Scores examples as they arrive, with the champion."""
