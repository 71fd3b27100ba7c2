"""The registry's door: who may pull and push what, and which images are kept."""
