"""The workstation that the kit runs on."""
