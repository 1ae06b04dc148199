"""What became of the inputs, the predictions and the model's performance."""
