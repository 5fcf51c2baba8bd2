"""keyvault-kit: offline custody of emergency-access accounts."""
