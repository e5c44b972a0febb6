"""The loop in plain Python: standard library only, no I/O."""
