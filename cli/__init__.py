"""The command `feedloop`: one entrance to every program of the project, each in the environment that it needs."""
