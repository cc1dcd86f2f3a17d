-- Where an auction stands in Redis, and how its events are committed. Takes no clock; decides nothing.
-- The keys of a shard all begin with KEYS[1] = "flashbid:{TAG}" (redis/keys.hpp):
--   flashbid:{TAG}          hash   format, shards, epoch, incarnation, coming, archived, waits
--   …:stream                stream a = auction, e = epoch, s = sequence, p = payload, x = secret (left out if empty)
--   …:a:ID                  hash   terms, rules, state, born, first, create_key, cancel_key
--   …:i:ID                  list   stream ids of the auction's events; element 0 is event number `first`
--   …:k:ID                  hash   accepted bids' idempotency keys: "bidder key" -> "amount answer"
--   …:r:ID:bidder key       string the same of a rejected bid; a space, as both may hold colons
--   …:rejected              list   "decided_at ID:bidder key" of those strings, oldest first
--   …:due, …:over, …:ids:S  zsets  id -> next boundary; id -> when it was over; id -> id of those in state S
-- A script's error is not rolled back: whatever can be refused is refused before commit() is called.
local store = {}

store.DAY_MS = 86400000
store.REJECTION_MS = 600000
local MAX_REJECTIONS = 100000
local MAX_REMEMBERED = 4096

local digits, format, match = event_text.digits, string.format, string.match
local call = redis and redis.call -- there is none where only the rules are tried

function store.refuse(code, text)
  return redis.error_reply(text and code .. ' ' .. text or code)
end

-- Packed state: "sequence state sold extensions bids price closes_at last_at epoch base leader".

local STATE_PATTERN = '^(%d+) ([0-3]) ([01]) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) ?([%w._:@-]*)$'
local STATE = event_text.whole_format('%W %d %d %W %W %W %W %W %s %W %s')

function store.pack(auction)
  return format(STATE, auction.sequence, auction.state, auction.sold and 1 or 0, auction.extensions, auction.bids,
                auction.price, auction.closes_at, auction.last_at, auction.epoch, auction.base, auction.leader)
end

-- The auction of a packed state; nil if it is none.
function store.unpack(text)
  local sequence, state, sold, extensions, bids, price, closes_at, last_at, epoch, base, leader =
    match(text, STATE_PATTERN)
  if not sequence then
    return nil
  end
  return {
    sequence = tonumber(sequence),
    state = tonumber(state),
    sold = sold == '1',
    extensions = tonumber(extensions),
    bids = tonumber(bids),
    price = tonumber(price),
    closes_at = tonumber(closes_at),
    last_at = tonumber(last_at),
    epoch = epoch,
    base = tonumber(base),
    leader = leader,
  }
end

-- Auctions as last read or written, by their keys: valid only while the texts in Redis are still the same.
local known, known_count = {}, 0

local function remember(name, text, auction, rules_text, terms)
  if not known[name] then
    if known_count >= MAX_REMEMBERED then
      known, known_count = {}, 0
    end
    known_count = known_count + 1
  end
  known[name] = {text = text, auction = auction, rules_text = rules_text, terms = terms}
end

-- The refusal of a caller whose epoch is not the shard's; nil if it is.
function store.refuse_epoch(shard, epoch)
  local present = call('HGET', shard, 'epoch')
  if not present then
    return store.refuse('NOSHARD', 'this Redis holds no shard ' .. shard)
  end
  if present ~= epoch then
    return store.refuse('EPOCH', present)
  end
  return nil
end

function store.auction_key(shard, id)
  return shard .. ':a:' .. id
end

-- The auction and its rules' terms, in the epoch that is in force; nil if there is none. Neither is to be changed: they
-- are given out again.
function store.load(shard, id, epoch)
  local name = shard .. ':a:' .. id
  local fields = call('HMGET', name, 'state', 'rules')
  local text = fields[1]
  if not text then
    return nil
  end
  local auction, terms
  local last = known[name]
  if last and last.text == text and last.rules_text == fields[2] then
    auction, terms = last.auction, last.terms
  else
    auction, terms = store.unpack(text), rules.parse_terms(fields[2])
    remember(name, text, auction, fields[2], terms)
  end
  if auction.epoch ~= epoch then
    auction = rules.copy(auction)
    auction.epoch, auction.base = epoch, auction.sequence
  end
  return auction, terms
end

local function is_over(auction)
  return auction.state == rules.CLOSED or auction.state == rules.CANCELLED
end

-- Moves the auction between the zsets that it is found by. `before` is nil for a new one.
function store.index(shard, id, before, after, terms)
  local old_state = before and before.state
  local old_boundary = before and rules.next_boundary(before, terms)
  local boundary = rules.next_boundary(after, terms)
  if boundary ~= old_boundary then
    if boundary then
      call('ZADD', shard .. ':due', digits(boundary), id)
    else
      call('ZREM', shard .. ':due', id)
    end
  end
  if after.state == old_state then
    return
  end
  if old_state then
    call('ZREM', shard .. ':ids:' .. rules.state_names[old_state], id)
  end
  call('ZADD', shard .. ':ids:' .. rules.state_names[after.state], id, id)
  if is_over(after) then
    call('ZADD', shard .. ':over', digits(after.last_at), id)
    call('PEXPIRE', shard .. ':k:' .. id, store.DAY_MS)
  end
end

-- Appends one event to the stream and to its auction's index.
function store.append(shard, id, epoch, sequence, payload, secret)
  local stream_id
  if secret and secret ~= '' then
    stream_id = call('XADD', shard .. ':stream', '*', 'a', id, 'e', epoch, 's', sequence, 'p', payload, 'x', secret)
  else
    stream_id = call('XADD', shard .. ':stream', '*', 'a', id, 'e', epoch, 's', sequence, 'p', payload)
  end
  call('RPUSH', shard .. ':i:' .. id, stream_id)
end

-- The events that a command itself brings about, and that carry its secret; the others come of time.
local of_command = {created = true, bid_accepted = true, cancelled = true}

-- Commits what was decided: events in their order, then the state. `before` is nil for a new auction, whose
-- `public_terms` the event `created` shows. Returns the auction after it.
function store.commit(shard, id, before, terms, events, secret, public_terms)
  local after = before and rules.copy(before) or events.fresh
  local epoch = after.epoch
  local payloads = {}
  for i = 1, #events do
    local event = events[i]
    payloads[i] = event_text.event(id, epoch, event, terms, public_terms)
    if before then
      rules.apply(after, event)
    end
  end
  local packed = store.pack(after)
  for i = 1, #events do
    local event = events[i]
    store.append(shard, id, epoch, digits(event.sequence), payloads[i], of_command[event.event] and secret)
  end
  local name = shard .. ':a:' .. id
  call('HSET', name, 'state', packed)
  if not before or after.state ~= before.state or after.closes_at ~= before.closes_at then
    store.index(shard, id, before, after, terms)
  end
  remember(name, packed, after, terms.text, terms)
  return after
end

-- Idempotency keys of bids. What is remembered is "amount answer".

local function rejection_name(id, bidder, key)
  return id .. ':' .. bidder .. ' ' .. key
end

function store.recall(shard, id, bidder, key)
  return call('HGET', shard .. ':k:' .. id, bidder .. ' ' .. key)
         or call('GET', shard .. ':r:' .. rejection_name(id, bidder, key))
end

function store.remember_accepted(shard, id, bidder, key, text)
  call('HSET', shard .. ':k:' .. id, bidder .. ' ' .. key, text)
end

-- The same of what the archive tells; 0 if the key is known already.
function store.restore_accepted(shard, id, bidder, key, text)
  return call('HSETNX', shard .. ':k:' .. id, bidder .. ' ' .. key, text)
end

-- Lets the oldest remembered rejection go, if its time is over or if there are more than `max`.
local function drop_oldest(shard, now, max)
  local list = shard .. ':rejected'
  local oldest = call('LINDEX', list, 0)
  if not oldest then
    return
  end
  local decided_at, name = match(oldest, '^(%d+) (.*)$')
  if tonumber(decided_at) + store.REJECTION_MS > now and call('LLEN', list) <= max then
    return
  end
  call('LPOP', list)
  -- Unless the key has been used anew since: then another entry speaks for it.
  local text = call('GET', shard .. ':r:' .. name)
  if text and match(text, '^%d+ %d+ %d+ [%d-]+ [%d-]+ %d+ %d+ (%d+)') == decided_at then
    call('DEL', shard .. ':r:' .. name)
  end
end

-- An equal part of 100,000 a shard.
function store.most_rejections(shard)
  local shards = tonumber(call('HGET', shard, 'shards')) or 1
  return math.max(1, math.floor(MAX_REJECTIONS / shards))
end

-- Bounded: the newest. Two are looked at for each that comes, so that expired entries do not pile up.
function store.remember_rejected(shard, id, bidder, key, text, now)
  local max = store.most_rejections(shard)
  local name = rejection_name(id, bidder, key)
  call('SET', shard .. ':r:' .. name, text, 'PX', store.REJECTION_MS)
  call('RPUSH', shard .. ':rejected', digits(now) .. ' ' .. name)
  drop_oldest(shard, now, max)
  drop_oldest(shard, now, max)
end

return store
