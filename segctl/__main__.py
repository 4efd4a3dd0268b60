"""`python -m segctl` is the same as the `segctl` command."""

from segctl.cli.main import main

if __name__ == "__main__":
    main()
