"""What `sheets/printer.py` is made of: IPP, the way to the CUPS of this machine, its errors."""
