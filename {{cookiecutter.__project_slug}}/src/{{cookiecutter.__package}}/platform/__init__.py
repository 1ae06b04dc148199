"""The one place that touches the platform: workspace, Delta, SQL, tables, windows of time."""
