"""What every machine API of the centre shares (机器接口): signed requests, problems as JSON.

Every request is signed by an institution (`openrhip.agent.wire`); faults are problem+json
(RFC 9457). The APIs themselves belong to their rooms.
"""
