"""`python -m typoattack` is the command line."""

from typoattack.cli import main

main()
