"""Secret parameters: encrypted with the server's key, read from where references lead, kept out of sight."""
