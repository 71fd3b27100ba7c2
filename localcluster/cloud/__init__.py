"""The stand-in cloud: gives nodes instance ids and metadata services, takes nodes away, supplies new ones.

It plays three parts that a real cloud plays: EC2 (instances and their metadata service), the spot market
(notices, and the kill when the time is over) and an Auto Scaling group (the replacement).
"""
