"""`python -m gator_nb` is `gator-nb`."""

from .cli import main

if __name__ == "__main__":
    main()
