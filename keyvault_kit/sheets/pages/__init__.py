"""The sheets, one a module: a frozen struct with the data, `payload` and `render`."""
