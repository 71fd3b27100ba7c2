"""Who is told of what happens: by mail, Discord, Slack or a signed webhook.

Nothing here can hold up a deploy: events are found in the rows that tell of them, after the fact.
"""
