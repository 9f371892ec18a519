"""Pages of collection: the operator's console, a unit's own desk, the catalogue.

Edges: they call the service and present what it answers.
"""
