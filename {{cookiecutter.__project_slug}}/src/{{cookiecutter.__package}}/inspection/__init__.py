"""Reads what runs have written: to test them, and to tell of them."""
