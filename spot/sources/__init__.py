"""Where notices come from: the queue, each node's metadata service, and what EC2 describes."""
