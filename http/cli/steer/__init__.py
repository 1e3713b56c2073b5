"""The commands that change what runs: begin it, end it, pause it, send it events; and wait for its end."""
