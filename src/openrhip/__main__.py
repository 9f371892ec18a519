"""`python -m openrhip` is the `openrhip` command."""

from openrhip.site.cli import main

main()
