"""The machine API of records (机器接口), /api/records: for hospitals' nodes and third systems.

Every request is signed by an institution (`openrhip.agent.wire`); faults are problem+json
(RFC 9457); the description is at /api/records/openapi.json.
"""
