"""Pages of accounts: sign-in of citizens and staff, second factor, own security page."""
