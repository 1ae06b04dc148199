"""The gate: a version becomes champion only when every check on unseen data passes."""
