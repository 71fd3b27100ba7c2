"""What projects use, measured all the time: CPU, memory, and the requests of their visitors."""
