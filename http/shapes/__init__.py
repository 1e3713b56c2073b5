"""What the server answers, one module a resource; a client reads the same shapes."""
