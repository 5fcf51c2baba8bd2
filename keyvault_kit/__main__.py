"""`python -m keyvault_kit`, where no script was installed."""

from keyvault_kit.cli.main import main

if __name__ == "__main__":
    main()
