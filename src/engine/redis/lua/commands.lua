-- What callers ask for and what comes of it: create, bid, cancel, tick. Each takes `now`, checks everything, decides by
-- the rules, commits by the store and answers. Arguments are texts, as they came.
local commands = {}

local digits, find, match = event_text.digits, string.find, string.match
local refuse = store.refuse

-- A whole number between 0 and 2^53-1 in its shortest form; nil otherwise.
local function whole(text)
  if not text or #text > 16 or not (find(text, '^[1-9]%d*$') or text == '0') then
    return nil
  end
  local number = tonumber(text)
  return number <= rules.MAX_AMOUNT and number or nil
end
commands.whole = whole

local function is_id(text)
  local number = whole(text)
  return number ~= nil and number > 0
end
commands.is_id = is_id

local function is_bidder(text)
  return text and #text <= 64 and text ~= '' and not find(text, '[^%w._:@-]')
end

local function is_key(text)
  return text and #text <= 64 and find(text, '^[!-~]+$')
end

-- Who used which key: '' or what is_bidder and is_key let pass.
local function are_caller_and_key(caller, key)
  return caller and key and (caller == '' or is_bidder(caller)) and (key == '' or is_key(key))
end
commands.are_caller_and_key = are_caller_and_key

local function not_found(id)
  return refuse('NOTFOUND', 'there is no auction ' .. id)
end

-- "caller key fingerprint" as it is remembered, against this use of the key: nil if it is another key, otherwise
-- whether the fingerprint is the same too.
local function same_use(remembered, caller, key, fingerprint)
  local front = caller .. ' ' .. key .. ' '
  if not remembered or key == '' or string.sub(remembered, 1, #front) ~= front then
    return nil
  end
  return remembered == front .. fingerprint
end

local function later(now, auction)
  return now < auction.last_at and auction.last_at or now
end

-- What every answer on this state says: "price minimum_next closes_at as_of_sequence". Kept with it: one state refuses
-- many bids.
local function standing(auction, terms)
  local text = auction.standing
  if not text then
    local minimum = rules.minimum_next(auction, terms)
    text = (auction.bids > 0 and digits(auction.price) or '-') .. ' ' .. (minimum and digits(minimum) or '-') .. ' '
           .. digits(auction.closes_at) .. ' ' .. digits(auction.sequence)
    auction.standing = text
  end
  return text
end

-- The bid's answer but for its last words: "reason sequence price minimum_next closes_at as_of_sequence decided_at".
local function answer_of(reason, sequence, auction, terms, now)
  return reason .. ' ' .. digits(sequence) .. ' ' .. standing(auction, terms) .. ' ' .. digits(now)
end

-- Replies "reason sequence price minimum_next closes_at as_of_sequence decided_at repeated leader".
function commands.bid(shard, now, epoch, id, bidder, amount_text, key)
  local amount = whole(amount_text)
  if not amount or not id or not is_bidder(bidder) or not (key == '' or is_key(key)) then
    return refuse('BADARG', 'bid: epoch id bidder amount key')
  end
  local refusal = store.refuse_epoch(shard, epoch)
  if refusal then
    return refusal
  end
  local auction, terms = store.load(shard, id, epoch)
  if not auction then
    return is_id(id) and not_found(id) or refuse('BADARG', 'bid: an id is a positive whole number')
  end
  local keyed = key ~= ''
  if keyed then
    local known_amount, answer = match(store.recall(shard, id, bidder, key) or '', '^(%d+) (.*)$')
    if known_amount and known_amount ~= amount_text then
      return refuse('KEYREUSED', 'the key was used before with the amount ' .. known_amount)
    end
    if known_amount then
      return answer
    end
  end

  now = later(now, auction)
  local reason, events =
    rules.decide(auction, terms, {kind = 'bid', bidder = bidder, amount = amount}, now)
  local accepted, sequence = reason == rules.reasons.accepted, 0
  if accepted then
    sequence = events[1].event == 'opened' and events[2].sequence or events[1].sequence
  end
  if events then
    local secret = keyed and event_text.bid_secret(bidder, key, amount_text)
    auction = store.commit(shard, id, auction, terms, events, secret)
  end
  local answer = answer_of(reason, sequence, auction, terms, now)
  if keyed then
    local text = amount_text .. ' ' .. answer .. ' 1 ' .. auction.leader
    if accepted then
      store.remember_accepted(shard, id, bidder, key, text)
    else
      store.remember_rejected(shard, id, bidder, key, text, now)
    end
  end
  return answer .. ' 0 ' .. auction.leader
end

-- The image as it was created, if the same creation is asked for again.
local function created_before(shard, id, caller, key, fingerprint)
  local fields = redis.call('HMGET', store.auction_key(shard, id), 'born', 'terms', 'create_key')
  if not fields[1] then
    return nil
  end
  local same = same_use(fields[3], caller, key, fingerprint)
  if same == nil then
    return refuse('EXISTS', 'auction ' .. id .. ' is there already')
  end
  if not same then
    return refuse('KEYREUSED', 'the key was used before with another body')
  end
  return event_text.image(id, store.unpack(fields[1]), fields[2])
end

-- Writes an auction's hash but for its state.
function commands.write_auction(shard, id, terms_text, rules_text, born, first, create_key)
  redis.call('HSET', store.auction_key(shard, id), 'terms', terms_text, 'rules', rules_text, 'born', born, 'first', first)
  if create_key ~= '' then
    redis.call('HSET', store.auction_key(shard, id), 'create_key', create_key)
  end
end

-- Replies the image, as created.
function commands.create(shard, now, epoch, id, public_terms, opens_at, closes_at, rules_text, secret, caller, key,
                         fingerprint)
  local terms = rules_text and rules.parse_terms(rules_text)
  local end_ms = whole(closes_at)
  if not is_id(id) or not public_terms or not end_ms or end_ms > time.max_ms or not terms or not secret
     or whole(opens_at) ~= terms.opens_at or not fingerprint or not are_caller_and_key(caller, key) then
    return refuse('BADARG', 'create: epoch id public_terms opens_at_ms closes_at_ms rules secret caller key fingerprint')
  end
  local answer = store.refuse_epoch(shard, epoch) or created_before(shard, id, caller, key, fingerprint)
  if answer then
    return answer
  end
  local auction, events = rules.create(terms, end_ms, epoch, now)
  events.fresh = auction
  local stored_terms = event_text.stored_terms(public_terms, end_ms, terms.reserve)
  local image = event_text.image(id, auction, stored_terms)
  local create_key = key ~= '' and caller .. ' ' .. key .. ' ' .. fingerprint or ''
  commands.write_auction(shard, id, stored_terms, rules_text, store.pack(auction), 1, create_key)
  store.commit(shard, id, nil, terms, events, secret, public_terms)
  return image
end

-- Replies the image after it; for the same key again, the image as it is now.
function commands.cancel(shard, now, epoch, id, caller, key, fingerprint, secret)
  if not is_id(id) or not fingerprint or not secret or not are_caller_and_key(caller, key) then
    return refuse('BADARG', 'cancel: epoch id caller key fingerprint secret')
  end
  local refusal = store.refuse_epoch(shard, epoch)
  if refusal then
    return refusal
  end
  local auction, terms = store.load(shard, id, epoch)
  if not auction then
    return not_found(id)
  end
  local fields = redis.call('HMGET', store.auction_key(shard, id), 'terms', 'cancel_key')
  local same = same_use(fields[2], caller, key, fingerprint)
  if same then
    return event_text.image(id, auction, fields[1])
  end
  if same == false then
    return refuse('KEYREUSED', 'the key was used before with another body')
  end
  local reason, events = rules.decide(auction, terms, {kind = 'cancel'}, later(now, auction))
  if events then
    auction = store.commit(shard, id, auction, terms, events, secret)
  end
  if reason == rules.reasons.closed then
    return refuse('CONFLICT', 'closed')
  end
  if reason == rules.reasons.cancelled then
    return refuse('CONFLICT', 'cancelled')
  end
  if key ~= '' then
    redis.call('HSET', store.auction_key(shard, id), 'cancel_key', caller .. ' ' .. key .. ' ' .. fingerprint)
  end
  return event_text.image(id, auction, fields[1])
end

-- Time alone, on one auction. Replies nothing.
function commands.tick_one(shard, now, epoch, id)
  local auction, terms = store.load(shard, id, epoch)
  if not auction then
    redis.call('ZREM', shard .. ':due', id)
    return
  end
  local _, events = rules.decide(auction, terms, {kind = 'tick'}, later(now, auction))
  if events then
    store.commit(shard, id, auction, terms, events)
  end
end

-- Replies: how many auctions were decided, the next boundary in ms or '', now in ms.
function commands.tick(shard, now, epoch, limit)
  local most = whole(limit)
  if not most or most == 0 then
    return refuse('BADARG', 'tick: epoch limit')
  end
  local refusal = store.refuse_epoch(shard, epoch)
  if refusal then
    return refusal
  end
  local due = redis.call('ZRANGE', shard .. ':due', '-inf', digits(now), 'BYSCORE', 'LIMIT', 0, most)
  for _, id in ipairs(due) do
    commands.tick_one(shard, now, epoch, id)
  end
  local next_due = redis.call('ZRANGE', shard .. ':due', 0, 0, 'WITHSCORES')
  return {#due, next_due[2] or '', digits(now)}
end

return commands
