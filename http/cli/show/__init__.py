"""The commands that show what is on a server, and how they draw it: for people, or as JSON."""
