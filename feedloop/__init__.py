"""What the functions of Feedloop share."""
