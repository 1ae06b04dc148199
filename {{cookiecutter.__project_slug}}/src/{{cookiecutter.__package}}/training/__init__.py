"""A point-in-time training set, tuning, tracking, and one registered version per set of inputs."""
