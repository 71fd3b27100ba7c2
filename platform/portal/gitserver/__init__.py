"""The git server: `git http-backend` behind ASGI, and pushes that deploy."""
