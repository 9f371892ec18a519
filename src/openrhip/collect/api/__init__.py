"""The machine API of collection (采集接口), /api/collect: units announce, send and follow batches.

Every request is signed by the unit (`openrhip.agent.wire`), every manifest too
(`openrhip.agent.manifest`); a unit sees its own batches only. Faults are problem+json (RFC 9457);
the description is at /api/collect/openapi.json.
"""
