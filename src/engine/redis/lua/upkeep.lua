-- What nodes and the relay do for a shard: ids, admission of a new primary, putting back what the archive has, and
-- letting go what it has stored.
local upkeep = {}

local whole, is_id, digits = commands.whole, commands.is_id, event_text.digits
local refuse = store.refuse

-- Ids from here on are never picked, so they never run out by somebody naming a very high one.
local FIRST_UNPICKED_ID = 4503599627370496

local function created_name(shard, caller, key)
  return shard .. ':created:' .. caller .. ' ' .. key
end

-- On shard 0. Replies an id that no automatic creation has had; for a known key "ID again", the one it had before.
function upkeep.reserve_id(shard, explicit_id, caller, key, fingerprint, expires_at)
  if not (explicit_id == '' or is_id(explicit_id)) or not fingerprint or not commands.are_caller_and_key(caller, key)
     or not (key == '' or whole(expires_at)) then
    return refuse('BADARG', 'reserve_id: explicit_id caller key fingerprint expires_at_ms')
  end
  if not redis.call('HGET', shard, 'epoch') then
    return refuse('NOSHARD', 'this Redis holds no shard ' .. shard)
  end
  local name = created_name(shard, caller, key)
  local known = key ~= '' and redis.call('GET', name)
  if known then
    local known_id, known_fingerprint = string.match(known, '^(%d+) (.*)$')
    return known_fingerprint == fingerprint and known_id .. ' again'
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

-- On shard 0. Lets a creation's key go that was given `id` for that body: nothing came of it. Replies how many.
function upkeep.release_key(shard, id, caller, key, fingerprint)
  if not is_id(id) or not fingerprint or not commands.are_caller_and_key(caller, key) or key == '' then
    return refuse('BADARG', 'release_key: id caller key fingerprint')
  end
  local name = created_name(shard, caller, key)
  return redis.call('GET', name) == id .. ' ' .. fingerprint and redis.call('DEL', name) or 0
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

-- The epoch in which the primary `run_id` is to be admitted, the same for all nodes that are about to: the first one's
-- proposal, for as long as that is not below `least`.
function upkeep.propose(shard, run_id, epoch, least)
  local number, lowest = whole(epoch), whole(least)
  if not run_id or run_id == '' or not number or not lowest or lowest == 0 or number < lowest then
    return refuse('BADARG', 'propose: run_id epoch least')
  end
  local coming_run, coming = string.match(redis.call('HGET', shard, 'coming') or '', '^(%S+) (%d+)$')
  if coming_run == run_id and tonumber(coming) >= lowest then
    return coming
  end
  redis.call('HSET', shard, 'coming', run_id .. ' ' .. epoch)
  return epoch
end

-- On shard 0: raises the highest id that was picked, and remembers creations. args: last (caller key id fingerprint
-- expires_at)*. Replies how many creations were not known.
function upkeep.restore_ids(shard, args)
  local last = whole(args[1])
  if not last or #args % 5 ~= 1 then
    return refuse('BADARG', 'restore_ids: last (caller key id fingerprint expires_at)*')
  end
  for i = 2, #args, 5 do
    if args[i + 1] == '' or not commands.are_caller_and_key(args[i], args[i + 1]) or not is_id(args[i + 2])
       or not whole(args[i + 4]) then
      return refuse('BADARG', 'restore_ids: last (caller key id fingerprint expires_at)*')
    end
  end
  if last > tonumber(redis.call('HGET', shard .. ':ids', 'last') or '0') then
    redis.call('HSET', shard .. ':ids', 'last', digits(last))
  end
  local fresh = 0
  for i = 2, #args, 5 do
    local set = redis.call('SET', created_name(shard, args[i], args[i + 1]), args[i + 2] .. ' ' .. args[i + 3], 'NX',
                           'PXAT', args[i + 4])
    fresh = fresh + (set and 1 or 0)
  end
  return fresh
end

-- Remembers accepted bids' keys of an auction that `restore` is to put back afterwards. args: id (bidder key amount
-- answer)*, answer as the function bid replies it. Replies how many were not known.
function upkeep.restore_keys(shard, args)
  local id = args[1]
  local bad = not is_id(id) or #args % 4 ~= 1
  for i = 2, #args, 4 do
    bad = bad or not string.find(args[i + 3] or '', '^0 %d+ %d+ [%d-]+ %d+ %d+ %d+ [01] ')
  end
  if bad then
    return refuse('BADARG', 'restore_keys: id (bidder key amount answer)*')
  end
  local fresh = 0
  for i = 2, #args, 4 do
    local answer = string.gsub(args[i + 3], '^(%S+ %S+ %S+ %S+ %S+ %S+ %S+) [01] ', '%1 1 ')
    fresh = fresh + store.restore_accepted(shard, id, args[i], args[i + 1], args[i + 2] .. ' ' .. answer)
  end
  return fresh
end

-- restore: the events in `args` from `at` on, (epoch sequence payload secret)*, without a gap; nil if they are not so.
local function read_events(args, at)
  local events = {}
  for i = at, #args, 4 do
    local event = {epoch = args[i], sequence = whole(args[i + 1]), payload = args[i + 2], secret = args[i + 3]}
    local last = events[#events]
    if not event.sequence or not event.secret or (last and event.sequence ~= last.sequence + 1) then
      return nil
    end
    events[#events + 1] = event
  end
  return events
end

-- Puts an auction as the archive has it; moves it only forward, so that it may be asked for twice. args: epoch id
-- public_terms closes_at_ms rules reserve born state create_key cancel_key seen, then as read_events says.
--   epoch   the one that is to come: refused once a higher one has
--   seen    "sequence epoch" of its state here, as it was when its events were picked; '' = it was not here. STALE if it
--           is another now
-- Of one that was not here, events further back may be left out, as if they had been trimmed: the archive has them.
-- Replies the auction's sequence as it is then.
function upkeep.restore(shard, args)
  local epoch, id, public_terms, closes_at, rules_text, reserve, born, state, create_key, cancel_key, seen =
    unpack(args, 1, 11)
  local events = read_events(args, 12)
  local terms = rules_text and rules.parse_terms(rules_text)
  local after = state and store.unpack(state)
  local end_ms = whole(closes_at)
  if not events or #events == 0 or not whole(epoch) or not is_id(id) or not terms or not after or not end_ms
     or not store.unpack(born) or not (reserve == '' or whole(reserve)) then
    return refuse('BADARG', 'restore: epoch id public_terms closes_at_ms rules reserve born state create_key cancel_key '
                            .. 'seen (epoch sequence payload secret)*')
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
  local present = before and digits(before.sequence) .. ' ' .. before.epoch or ''
  if present ~= seen then
    return refuse('STALE', present)
  end
  if events[#events].sequence ~= after.sequence or (before and events[1].sequence > before.sequence + 1) then
    return refuse('BADARG', 'restore: the events do not lead to the state')
  end

  if not before then
    local stored_terms = event_text.stored_terms(public_terms, end_ms, whole(reserve))
    commands.write_auction(shard, id, stored_terms, rules_text, born, digits(events[1].sequence), create_key)
  end
  for _, event in ipairs(events) do
    if not before or event.sequence > before.sequence then
      store.append(shard, id, event.epoch, digits(event.sequence), event.payload, event.secret)
    end
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
