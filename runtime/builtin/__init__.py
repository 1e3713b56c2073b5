"""Workflows that come with the server. They reach the machine and the net: off unless switched on."""
