"""`python -m typoattack` is the command line."""

from typoattack.cli.app import main

main()
