"""Long-term evidence (长期证据保全): a hash tree and a timestamp a night, kept alive for decades.

Each document becomes a leaf of a tree; its evidence record (RFC 4998) is put together on demand.
Trees are renewed before their timestamps age, and re-hashed before their digest does. Every step
is small, durable and may be repeated: a killed run is gone on with, no document twice or left out.
"""
