"""The pages, a package for each group of them."""
