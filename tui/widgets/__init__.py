"""What more than one place shows, or what would make a place too long."""
