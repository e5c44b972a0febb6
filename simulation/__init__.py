"""The whole loop on one machine with a known truth: simulated visitors and annotators, days that pass in seconds."""
