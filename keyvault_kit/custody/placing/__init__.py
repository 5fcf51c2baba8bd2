"""Where the sheets of a secret may lie: what is refused, and what is best."""
