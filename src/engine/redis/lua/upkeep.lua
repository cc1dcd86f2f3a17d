-- What nodes and the relay do for a shard: ids, admission of a new primary, putting back what the archive has, and
-- letting go what it has stored.
local upkeep = {}

local whole, is_id, digits = commands.whole, commands.is_id, event_text.digits
local refuse = store.refuse

-- Ids from here on are never picked, so they never run out by somebody naming a very high one.
local FIRST_UNPICKED_ID = 4503599627370496

-- On shard 0. Replies an id that no automatic creation has had; a known key's is the one it had before.
function upkeep.reserve_id(shard, explicit_id, caller, key, fingerprint, expires_at)
  if not (explicit_id == '' or is_id(explicit_id)) or not fingerprint or not commands.are_caller_and_key(caller, key)
     or not (key == '' or whole(expires_at)) then
    return refuse('BADARG', 'reserve_id: explicit_id caller key fingerprint expires_at_ms')
  end
  if not redis.call('HGET', shard, 'epoch') then
    return refuse('NOSHARD', 'this Redis holds no shard ' .. shard)
  end
  local name = shard .. ':created:' .. caller .. ' ' .. key
  local known = key ~= '' and redis.call('GET', name)
  if known then
    local known_id, known_fingerprint = string.match(known, '^(%d+) (.*)$')
    return known_fingerprint == fingerprint and known_id
           or refuse('KEYREUSED', 'the key was used before with another body')
  end
  local last = tonumber(redis.call('HGET', shard .. ':ids', 'last') or '0')
  local id = explicit_id ~= '' and tonumber(explicit_id) or last + 1
  if explicit_id == '' and id >= FIRST_UNPICKED_ID then
    return refuse('NOIDS', 'no ids are left to pick')
  end
  if id > last and id < FIRST_UNPICKED_ID then
    redis.call('HSET', shard .. ':ids', 'last', digits(id))
  end
  if key ~= '' then
    redis.call('SET', name, digits(id) .. ' ' .. fingerprint, 'PXAT', expires_at)
  end
  return digits(id)
end

-- Makes the primary `run_id` the shard's, in `epoch`, unless another node has been faster.
function upkeep.admit(shard, run_id, old_incarnation, epoch, shards)
  local number, count = whole(epoch), whole(shards)
  if not run_id or run_id == '' or not old_incarnation or not number or number == 0 or not count or count == 0
     or count > 1024 then
    return refuse('BADARG', 'admit: run_id old_incarnation epoch shards')
  end
  local meta = redis.call('HMGET', shard, 'incarnation', 'epoch', 'shards')
  if (meta[1] or '') ~= old_incarnation then
    return refuse('STALE', meta[1] or 'no incarnation')
  end
  if meta[2] and tonumber(meta[2]) > number then
    return refuse('EPOCH', meta[2])
  end
  if meta[3] and meta[3] ~= shards then
    return refuse('BADARG', 'this Redis was made with ' .. meta[3] .. ' shards')
  end
  redis.call('HSET', shard, 'format', 1, 'shards', shards, 'epoch', epoch, 'incarnation', run_id)
  return 'ok'
end

-- restore: what stands in ARGV after `cancel_key`.
--   keys_count (bidder key amount answer)*   accepted bids' keys; answer as the function bid replies it
--   (epoch sequence payload secret)*         events without a gap, up to the state's sequence
local function read_tail(args, at)
  local count = whole(args[at])
  if not count then
    return nil
  end
  local keys, events = {}, {}
  at = at + 1
  for _ = 1, count do
    if not args[at + 3] or not string.find(args[at + 3], '^0 %d+ %d+ [%d-]+ %d+ %d+ %d+ [01] ') then
      return nil
    end
    keys[#keys + 1] = {bidder = args[at], key = args[at + 1], amount = args[at + 2], answer = args[at + 3]}
    at = at + 4
  end
  while args[at] do
    local event = {epoch = args[at], sequence = whole(args[at + 1]), payload = args[at + 2], secret = args[at + 3]}
    local last = events[#events]
    if not event.sequence or not event.secret or (last and event.sequence ~= last.sequence + 1) then
      return nil
    end
    events[#events + 1] = event
    at = at + 4
  end
  return keys, events
end

-- Puts an auction as the archive has it; moves it only forward, so that it may be asked for twice or in parts. args:
-- epoch id public_terms closes_at_ms rules reserve born state base create_key cancel_key, then as read_tail says.
-- Replies the auction's sequence as it is then.
function upkeep.restore(shard, args)
  local epoch, id, public_terms, closes_at, rules_text, reserve, born, state, base, create_key, cancel_key =
    unpack(args, 1, 11)
  local keys, events = read_tail(args, 12)
  local terms = rules_text and rules.parse_terms(rules_text)
  local after = state and store.unpack(state)
  local end_ms = whole(closes_at)
  if not keys or not whole(epoch) or not is_id(id) or not terms or not after or not end_ms or not store.unpack(born)
     or not whole(base) or not (reserve == '' or whole(reserve)) then
    return refuse('BADARG', 'restore: epoch id public_terms closes_at_ms rules reserve born state base create_key '
                            .. 'cancel_key keys_count (bidder key amount answer)* (epoch sequence payload secret)*')
  end
  local present_epoch = redis.call('HGET', shard, 'epoch')
  if present_epoch and tonumber(present_epoch) > tonumber(epoch) then
    return refuse('EPOCH', present_epoch)
  end
  local present_state = redis.call('HGET', store.auction_key(shard, id), 'state')
  local before = present_state and store.unpack(present_state)
  if before and before.sequence >= after.sequence then
    return digits(before.sequence)
  end
  if #events == 0 or events[#events].sequence ~= after.sequence
     or (before and events[1].sequence > before.sequence + 1) then
    return refuse('BADARG', 'restore: the events do not lead to the state')
  end

  after = rules.copy(after)
  after.base = tonumber(base)
  if not before then
    local stored_terms = event_text.stored_terms(public_terms, end_ms, whole(reserve))
    commands.write_auction(shard, id, stored_terms, rules_text, born, digits(events[1].sequence), create_key)
  end
  for _, event in ipairs(events) do
    if not before or event.sequence > before.sequence then
      store.append(shard, id, event.epoch, digits(event.sequence), event.payload, event.secret)
    end
  end
  for _, use in ipairs(keys) do
    local answer = string.gsub(use.answer, '^(%S+ %S+ %S+ %S+ %S+ %S+ %S+) [01] ', '%1 1 ')
    store.remember_accepted(shard, id, use.bidder, use.key, use.amount .. ' ' .. answer)
  end
  redis.call('HSET', store.auction_key(shard, id), 'state', store.pack(after))
  if cancel_key ~= '' then
    redis.call('HSET', store.auction_key(shard, id), 'cancel_key', cancel_key)
  end
  store.index(shard, id, before, after, terms)
  return digits(after.sequence)
end

-- Lets the stream go below `minid`, and each auction's index up to and with the sequence named. args: minid (id
-- sequence)*. Replies how many entries the stream lost.
function upkeep.trim(shard, args)
  local minid = args[1]
  if not minid or not string.find(minid, '^%d+%-?%d*$') or #args % 2 == 0 then
    return refuse('BADARG', 'trim: minid (id sequence)*')
  end
  for i = 2, #args, 2 do
    if not is_id(args[i]) or not whole(args[i + 1]) then
      return refuse('BADARG', 'trim: minid (id sequence)*')
    end
  end
  for i = 2, #args, 2 do
    local id, upto = args[i], tonumber(args[i + 1])
    local fields = redis.call('HMGET', store.auction_key(shard, id), 'first', 'state')
    local first = tonumber(fields[1] or '0')
    if fields[2] and upto >= first and upto <= store.unpack(fields[2]).sequence then
      redis.call('LTRIM', shard .. ':i:' .. id, digits(upto - first + 1), -1)
      redis.call('HSET', store.auction_key(shard, id), 'first', digits(upto + 1))
    end
  end
  return redis.call('XTRIM', shard .. ':stream', 'MINID', minid)
end

-- Removes auctions that have been over for more than a day; the others named are left alone. Replies how many.
function upkeep.forget(shard, now, ids)
  local gone = 0
  for _, id in ipairs(ids) do
    local over_at = redis.call('ZSCORE', shard .. ':over', id)
    if over_at and now - tonumber(over_at) > store.DAY_MS then
      redis.call('DEL', store.auction_key(shard, id), shard .. ':i:' .. id, shard .. ':k:' .. id)
      redis.call('ZREM', shard .. ':over', id)
      redis.call('ZREM', shard .. ':ids:closed', id)
      redis.call('ZREM', shard .. ':ids:cancelled', id)
      gone = gone + 1
    end
  end
  return gone
end

return upkeep
