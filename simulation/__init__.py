"""The whole loop on one machine with a known truth: invented visitors and annotators, days that pass in seconds."""
