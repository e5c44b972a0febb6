"""The same system on one machine, without containers."""
