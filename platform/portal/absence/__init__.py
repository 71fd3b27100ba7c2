"""What visitors of an address get while no project's way stands there (docs/adr/0019)."""
