"""What a model version is: tags, states, files, champion, loading, scoring."""
