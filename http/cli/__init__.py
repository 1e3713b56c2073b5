"""The command line: `quarterjack serve`, `quarterjack demo`."""
