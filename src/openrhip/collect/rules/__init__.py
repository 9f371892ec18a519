"""What a table owes and when a row is at fault (规则): pure, no I/O, no framework."""
