"""The guides of docs/, as pages."""
