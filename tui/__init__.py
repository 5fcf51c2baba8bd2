"""keyvault-tui: the terminal interface over the same rooms as the command line."""
