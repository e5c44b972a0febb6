"""Whether a model can serve: its file, and how it answers in a process of its own."""
