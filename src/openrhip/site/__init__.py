"""Site (站点): settings, URLs, page shell, the `openrhip` command; wires rooms and events."""
