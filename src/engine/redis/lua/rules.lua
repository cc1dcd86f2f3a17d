-- The rules once more, as src/auction has them: the same verdicts, the same first reason, the same events.
-- Pure: no `redis`, no clock; `now` is a parameter. Amounts are Lua numbers (doubles, exact up to 2^53-1): no sum may
-- pass that, so a difference is compared before anything is added.
--
--   decide(auction, terms, command, now) -> reason, events   all checks first; changes nothing
--   apply(auction, event)                                    the only way an auction changes
--
-- auction  {sequence, state, sold, extensions, bids, price, closes_at, last_at, epoch, base, leader}
--          price means nothing while bids == 0; leader is '' while there is none
-- terms    what parse_terms makes of the rules text
-- command  {kind = 'bid', bidder, amount}, {kind = 'cancel'} or {kind = 'tick'}
-- reason   a number: 0 = accepted, otherwise the first rule that refused (enum Reason)
-- events   a list, or nil for none, in the order in which they are to be committed
local rules = {}

rules.MAX_AMOUNT = 9007199254740991

rules.SCHEDULED, rules.OPEN, rules.CLOSED, rules.CANCELLED = 0, 1, 2, 3
rules.state_names = {[0] = 'scheduled', 'open', 'closed', 'cancelled'}

rules.reasons = {
  accepted = 0,
  not_open_yet = 1,
  closed = 2,
  cancelled = 3,
  own_auction = 4,
  already_leading = 5,
  amount_below_minimum = 6,
  amount_above_limit = 7,
}

local MAX_AMOUNT, MAX_MOMENT = rules.MAX_AMOUNT, time.max_ms
local SCHEDULED, OPEN, CLOSED, CANCELLED = rules.SCHEDULED, rules.OPEN, rules.CLOSED, rules.CANCELLED
local reasons = rules.reasons

local MAX_EXTENSIONS = 4294967295
local MAX_REMEMBERED = 1024
local remembered, remembered_count = {}, 0

-- "step", or "below:step,below:step,:step": two lists, the last step without a bound.
local function parse_steps(text)
  if not string.find(text, ':', 1, true) then
    return {}, {tonumber(text)}
  end
  local bounds, steps = {}, {}
  for below, step in string.gmatch(text, '(%d*):(%d+)') do
    bounds[#bounds + 1] = tonumber(below)
    steps[#steps + 1] = tonumber(step)
  end
  return bounds, steps
end

local RULES_PATTERN =
  '^(%d+) ([%d-]+) ([%d-]+) (%d+) ([%d-]+) (%d+) ([bc]) ([%d-]+) ([01]) ([%d:,]+) ?([%w._:@-]*)$'

local function parse(text)
  local opening, limit, reserve, opens_at, window, extend, mode, max_extensions, self_outbid, steps_text, seller =
    string.match(text, RULES_PATTERN)
  if not opening then
    return nil
  end
  local bounds, steps = parse_steps(steps_text)
  if #steps ~= #bounds + 1 then
    return nil
  end
  return {
    text = text,
    opening_price = tonumber(opening),
    amount_limit = tonumber(limit),
    reserve = tonumber(reserve),
    opens_at = tonumber(opens_at),
    window = tonumber(window),
    extend = tonumber(extend),
    from_bid = mode == 'b',
    max_extensions = tonumber(max_extensions) or MAX_EXTENSIONS,
    self_outbid = self_outbid == '1',
    bounds = bounds,
    steps = steps,
    seller = seller,
  }
end

-- The terms that the rules go by, from their compact text (rules_text.hpp); nil if it is none. Not to be changed: the
-- same table is given out again for the same text.
function rules.parse_terms(text)
  local terms = remembered[text]
  if terms then
    return terms
  end
  terms = parse(text)
  if terms then
    if remembered_count >= MAX_REMEMBERED then
      remembered, remembered_count = {}, 0
    end
    remembered[text] = terms
    remembered_count = remembered_count + 1
  end
  return terms
end

-- The step in force at `price`: of the first row whose bound is above it.
local function step_at(terms, price)
  local bounds = terms.bounds
  for i = 1, #bounds do
    if price < bounds[i] then
      return terms.steps[i]
    end
  end
  return terms.steps[#bounds + 1]
end

-- The lowest amount that beats `price`; nil if it would be over the highest.
local function beating(terms, price)
  local step = step_at(terms, price)
  if price > MAX_AMOUNT - step then
    return nil
  end
  return price + step
end
rules.beating = beating

-- The lowest admissible next amount; nil if none is left.
function rules.minimum_next(auction, terms)
  if auction.bids == 0 then
    return terms.opening_price
  end
  return beating(terms, auction.price)
end

-- When time alone next changes the state; nil if it never does.
function rules.next_boundary(auction, terms)
  if auction.state == SCHEDULED then
    return terms.opens_at
  end
  if auction.state == OPEN then
    return auction.closes_at
  end
  return nil
end

-- What each event does to the auction.
local effects = {
  created = function(auction, event)
    auction.state = SCHEDULED
    auction.closes_at = event.closes_at
  end,
  opened = function(auction)
    auction.state = OPEN
  end,
  bid_accepted = function(auction, event)
    auction.price = event.amount
    auction.leader = event.bidder
    auction.bids = auction.bids + 1
  end,
  extended = function(auction, event)
    auction.closes_at = event.closes_at
    auction.extensions = event.extensions
  end,
  closed = function(auction, event)
    auction.state = CLOSED
    auction.sold = event.sold
  end,
  cancelled = function(auction)
    auction.state = CANCELLED
  end,
}

function rules.apply(auction, event)
  effects[event.event](auction, event)
  auction.sequence = event.sequence
  auction.last_at = event.at
end

function rules.copy(auction)
  return {
    sequence = auction.sequence,
    state = auction.state,
    sold = auction.sold,
    extensions = auction.extensions,
    bids = auction.bids,
    price = auction.price,
    closes_at = auction.closes_at,
    last_at = auction.last_at,
    epoch = auction.epoch,
    base = auction.base,
    leader = auction.leader,
  }
end

-- Sold if there was a bid and the reserve, if any, is met.
local function close_of(auction, terms)
  local has_price = auction.bids > 0
  local sold = has_price and (terms.reserve == nil or auction.price >= terms.reserve)
  return {
    event = 'closed',
    winner = sold and auction.leader or nil,
    price = has_price and auction.price or nil,
    sold = sold,
  }
end

local function append(auction, events, event, now)
  event.sequence = auction.sequence + 1
  event.at = now
  events[#events + 1] = event
  rules.apply(auction, event)
end

-- Appends what time alone has brought about by `now`, and applies it: opened, closed, or both.
local function pass_boundaries(auction, terms, events, now)
  if auction.state == SCHEDULED and now >= terms.opens_at then
    append(auction, events, {event = 'opened'}, now)
  end
  if auction.state == OPEN and now >= auction.closes_at then
    append(auction, events, close_of(auction, terms), now)
  end
end

-- The first rule that refuses the bid; `accepted` if none does.
local function check_bid(auction, terms, bidder, amount)
  local state = auction.state
  if state ~= OPEN then
    return state == SCHEDULED and reasons.not_open_yet or state == CLOSED and reasons.closed or reasons.cancelled
  end
  if bidder == terms.seller then
    return reasons.own_auction
  end
  local bids = auction.bids
  if not terms.self_outbid and bids > 0 and bidder == auction.leader then
    return reasons.already_leading
  end
  local minimum = terms.opening_price
  if bids > 0 then
    minimum = beating(terms, auction.price)
  end
  if not minimum or amount < minimum then
    return reasons.amount_below_minimum
  end
  if terms.amount_limit and amount > terms.amount_limit then
    return reasons.amount_above_limit
  end
  return reasons.accepted
end

-- The end after a bid accepted at `now`, before the auction's end. It never moves back, nor past what can be written.
local function end_after_bid(auction, terms, now)
  local closes_at = auction.closes_at
  if not terms.window or now < closes_at - terms.window or auction.extensions >= terms.max_extensions then
    return closes_at
  end
  local moved = (terms.from_bid and now or closes_at) + terms.extend
  if moved > MAX_MOMENT then
    moved = MAX_MOMENT
  end
  return moved > closes_at and moved or closes_at
end

local function accept(auction, terms, command, now, events)
  local sequence, amount = auction.sequence + 1, command.amount
  events = events or {}
  events[#events + 1] = {
    event = 'bid_accepted',
    sequence = sequence,
    at = now,
    bidder = command.bidder,
    amount = amount,
    minimum_next = beating(terms, amount),
    closes_at = auction.closes_at,
  }
  local moved = end_after_bid(auction, terms, now)
  if moved > auction.closes_at then
    events[#events + 1] = {
      event = 'extended',
      sequence = sequence + 1,
      at = now,
      closes_at = moved,
      extensions = auction.extensions + 1,
    }
  end
  return events
end

local function cancel(auction, now, events)
  if auction.state == CLOSED then
    return reasons.closed, events
  end
  if auction.state == CANCELLED then
    return reasons.cancelled, events
  end
  events = events or {}
  events[#events + 1] = {event = 'cancelled', sequence = auction.sequence + 1, at = now}
  return reasons.accepted, events
end

function rules.decide(auction, terms, command, now)
  local events
  local boundary = rules.next_boundary(auction, terms)
  if boundary and now >= boundary then
    auction = rules.copy(auction)
    events = {}
    pass_boundaries(auction, terms, events, now)
  end
  if command.kind == 'bid' then
    local reason = check_bid(auction, terms, command.bidder, command.amount)
    if reason ~= reasons.accepted then
      return reason, events
    end
    return reason, accept(auction, terms, command, now, events)
  end
  if command.kind == 'cancel' then
    return cancel(auction, now, events)
  end
  return reasons.accepted, events
end

-- A new auction and its first events: created, opened if it opens now, and closed if its end passed while the command
-- was on its way.
function rules.create(terms, closes_at, epoch, now)
  local auction = {
    sequence = 0, state = SCHEDULED, sold = false, extensions = 0, bids = 0, price = 0, closes_at = closes_at,
    last_at = now, epoch = epoch, base = 0, leader = '',
  }
  local events = {}
  append(auction, events, {event = 'created', closes_at = closes_at}, now)
  pass_boundaries(auction, terms, events, now)
  return auction, events
end

return rules
