"""The operator's side of Label Studio: its projects, set up and kept as the model's classes need them."""
