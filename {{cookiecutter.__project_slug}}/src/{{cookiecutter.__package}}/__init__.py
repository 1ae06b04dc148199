"""One folder per stage of the model's life, in the order data takes."""
