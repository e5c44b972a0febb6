"""Train, evaluate, export and release a model."""
