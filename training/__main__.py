"""python -m training: the command line."""

from feedloop import console

console.prepare()  # before anything looks at the terminal

from training.commands.app import main  # noqa: E402

if __name__ == "__main__":
    main()
