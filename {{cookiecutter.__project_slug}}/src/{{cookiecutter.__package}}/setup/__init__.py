"""Creates every table, empty, with tags; links the model to its deployment job."""
