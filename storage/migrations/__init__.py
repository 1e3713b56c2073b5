"""The numbered steps of the schema, one file a step; `migrate` applies them in order."""
