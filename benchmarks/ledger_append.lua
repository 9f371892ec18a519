-- wrk script: each request appends one entry of its own, or a batch of BATCH entries.
local batch = tonumber(os.getenv("BATCH") or "1")
local token = os.getenv("TOKEN")
local seed = os.getenv("SEED") or "0"
local counter = 0
local thread_number = 0

function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end

local head = '{"actor":"6f1d3ab0c8e24b5f9a7c51d2e08f4b936f1d3ab0c8e24b5f9a7c51d2e08f4b93","decision":"permit",'
  .. '"document":"b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",'
  .. '"institution":"440300-001","kind":"disclose","patient":"'
local tail = '","policy_set":"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",'
  .. '"purpose":"TREAT","time":"2026-11-24T08:30:00.000000Z"}'

local function entry()
  counter = counter + 1
  return head .. string.format("%08x%08x%016x", tonumber(seed), number or 0, counter) .. tail
end

function request()
  local headers = { ["Authorization"] = "Bearer " .. token }
  if batch == 1 then
    headers["Content-Type"] = "application/json"
    headers["Idempotency-Key"] = string.format("wrk-%s-%d-%d", seed, number or 0, counter)
    return wrk.format("POST", "/append", headers, entry())
  end
  local lines = {}
  for i = 1, batch do lines[i] = entry() end
  headers["Content-Type"] = "application/jsonl"
  headers["Idempotency-Key"] = string.format("wrk-%s-%d-%d", seed, number or 0, counter)
  return wrk.format("POST", "/append", headers, table.concat(lines, "\n"))
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
