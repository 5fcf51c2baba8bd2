"""How each fact changes the register."""
