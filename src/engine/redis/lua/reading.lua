-- What is only read: an auction with its latest events, a page of its history, a page of auctions. Writes nothing, so a
-- replica may be asked too. A boundary that is due shows only once a tick has decided it.
local reading = {}

local whole, digits, find, match = commands.whole, event_text.digits, string.find, string.match
local refuse = store.refuse

-- How many events one call looks at when it picks out the bids.
local MAX_LOOKED_AT = 2000
-- How many of the shard's latest refused bids one call looks through for those on one auction.
local MAX_REJECTIONS_LOOKED_AT = 5000

local BID_PATTERN = '^{"auction_id":%d+,"epoch":%d+,"sequence":%d+,"event":"bid_accepted"'

-- The payload of an entry of the stream, and its secret if it has one; nil if it has been trimmed.
local function payload_of(shard, stream_id)
  local entry = redis.call('XRANGE', shard .. ':stream', stream_id, stream_id)[1]
  if not entry then
    return nil
  end
  local fields = entry[2]
  local payload, secret
  for i = 1, #fields, 2 do
    if fields[i] == 'p' then
      payload = fields[i + 1]
    elseif fields[i] == 'x' then
      secret = fields[i + 1]
    end
  end
  return payload, secret
end

-- Appends sequence, payload pairs of the auction's events after `after` to `out`, at most `limit`. Returns the lowest
-- sequence that is still in the stream, and the last one looked at.
local function collect(shard, id, first, after, limit, bids_only, out)
  local last = math.max(after, first - 1)
  local most = bids_only and MAX_LOOKED_AT or limit
  local begin = last + 1 - first
  local stream_ids = redis.call('LRANGE', shard .. ':i:' .. id, digits(begin), digits(begin + most - 1))
  local found = 0
  for _, stream_id in ipairs(stream_ids) do
    if found == limit then
      break
    end
    last = last + 1
    local payload = payload_of(shard, stream_id)
    if not payload then
      -- Trimmed from the stream, and not yet from the index.
      first = last + 1
    elseif not bids_only or find(payload, BID_PATTERN) then
      out[#out + 1] = digits(last)
      out[#out + 1] = payload
      found = found + 1
    end
  end
  return first, last
end

local function load(shard, id)
  local epoch = redis.call('HGET', shard, 'epoch')
  if not epoch then
    return refuse('NOSHARD', 'this Redis holds no shard ' .. shard)
  end
  local fields = redis.call('HMGET', store.auction_key(shard, id), 'state', 'terms', 'first')
  if not fields[1] then
    return refuse('NOTFOUND', 'there is no auction ' .. id)
  end
  return nil, epoch, store.unpack(fields[1]), fields[2], tonumber(fields[3])
end

-- Replies: epoch, image, first, then sequence and payload of each event after `after`, unless that is '' or there are
-- more than `limit`.
function reading.view(shard, id, after, limit)
  local from, most = whole(after), whole(limit)
  if not commands.is_id(id) or not most or not (from or after == '') then
    return refuse('BADARG', 'view: id after limit')
  end
  local refusal, epoch, auction, terms_text, first = load(shard, id)
  if refusal then
    return refusal
  end
  local out = {epoch, event_text.image(id, auction, terms_text), digits(first)}
  if from and auction.sequence - from <= most then
    out[3] = digits((collect(shard, id, first, from, most, false, out)))
  end
  return out
end

-- Replies: newest sequence, first, the last sequence looked at, then sequence and payload of each.
function reading.events(shard, id, after, limit, bids_only)
  local from, most = whole(after), whole(limit)
  if not commands.is_id(id) or not from or not most or most == 0 or not (bids_only == '0' or bids_only == '1') then
    return refuse('BADARG', 'events: id after limit bids_only')
  end
  local refusal, _, auction, _, first = load(shard, id)
  if refusal then
    return refusal
  end
  local out = {digits(auction.sequence), '', ''}
  local still_there, last = collect(shard, id, first, from, most, bids_only == '1', out)
  out[2], out[3] = digits(still_there), digits(last)
  return out
end

-- Replies: sequence, payload and secret of each event that is what an operator did (ledger/operator_action.hpp): the first,
-- and the last of a cancelled auction. The payload of one that has been trimmed is ''.
function reading.actions(shard, id)
  if not commands.is_id(id) then
    return refuse('BADARG', 'actions: id')
  end
  local refusal, _, auction, _, first = load(shard, id)
  if refusal then
    return refusal
  end
  local places = {1}
  if auction.state == rules.CANCELLED then
    places[2] = auction.sequence
  end
  local out = {}
  for _, sequence in ipairs(places) do
    local stream_id = sequence >= first and redis.call('LINDEX', shard .. ':i:' .. id, digits(sequence - first))
    local payload, secret
    if stream_id then
      payload, secret = payload_of(shard, stream_id)
    end
    out[#out + 1] = digits(sequence)
    out[#out + 1] = payload or ''
    out[#out + 1] = secret or ''
  end
  return out
end

-- Replies: since when none is missing, in ms (0 = for as long as they are remembered), then bidder, amount and answer of
-- each refused bid on the auction that is remembered.
function reading.rejections(shard, id)
  if not commands.is_id(id) then
    return refuse('BADARG', 'rejections: id')
  end
  local refusal = load(shard, id)
  if refusal then
    return refusal
  end
  local list = shard .. ':rejected'
  local entries = redis.call('LRANGE', list, '-' .. digits(MAX_REJECTIONS_LOOKED_AT), '-1')
  local is_cut = #entries == MAX_REJECTIONS_LOOKED_AT or #entries >= store.most_rejections(shard)
  -- Others of the oldest one's moment may be among those that were cut off.
  local out = {is_cut and digits(whole(match(entries[1], '^%d+')) + 1) or '0'}
  local told, pattern = {}, '^%d+ (' .. id .. ':.*)$'
  for _, entry in ipairs(entries) do
    local name = match(entry, pattern)
    -- A key that was used anew has two entries, and one answer.
    local text = name and not told[name] and redis.call('GET', shard .. ':r:' .. name)
    if text then
      told[name] = true
      local amount, answer = match(text, '^(%d+) (.*)$')
      out[#out + 1] = match(name, '^%d+:([^ ]+) ')
      out[#out + 1] = amount
      out[#out + 1] = answer
    end
  end
  return out
end

-- Replies images of the auctions after id `after` by rising id; `state` '' means any.
function reading.list(shard, state, after, limit)
  local from, most = whole(after), whole(limit)
  local names = {}
  for number = 0, 3 do
    local name = rules.state_names[number]
    if state == '' or state == name then
      names[#names + 1] = name
    end
  end
  if not from or not most or most == 0 or #names == 0 then
    return refuse('BADARG', 'list: state after limit')
  end
  local ids = {}
  for _, name in ipairs(names) do
    local some = redis.call('ZRANGE', shard .. ':ids:' .. name, '(' .. after, '+inf', 'BYSCORE', 'LIMIT', 0, most)
    for _, id in ipairs(some) do
      ids[#ids + 1] = id
    end
  end
  table.sort(ids, function(a, b) return tonumber(a) < tonumber(b) end)
  local images = {}
  for i = 1, math.min(#ids, most) do
    local fields = redis.call('HMGET', store.auction_key(shard, ids[i]), 'state', 'terms')
    images[i] = event_text.image(ids[i], store.unpack(fields[1]), fields[2])
  end
  return images
end

return reading
