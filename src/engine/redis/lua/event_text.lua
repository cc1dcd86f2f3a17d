-- The texts that leave Redis, byte for byte as C++ writes them: an event's JSON (ledger/event_codec.cpp), a bid's
-- secret (ledger/answer_codec.cpp) and an auction's image (ledger/image_codec.cpp). Pure.
-- Bidder ids need no escape: their alphabet has nothing to escape. Titles and descriptions come in as C++ has escaped
-- them.
local event_text = {}

local format, gsub = string.format, string.gsub
local moment = time.text

-- How a whole number is written; tostring() would round from 10^14 on. %d goes through C's long, which is several times
-- faster and holds 2^53-1 wherever it has 64 bits.
local WHOLE = format('%d', rules.MAX_AMOUNT) == '9007199254740991' and '%d' or '%.0f'

-- The format `text` with each %W standing for a whole number.
function event_text.whole_format(text)
  return (gsub(text, '%%W', '%' .. WHOLE))
end
local whole_format = event_text.whole_format

local function digits(number)
  return format(WHOLE, number)
end
event_text.digits = digits

local function amount_or_null(amount)
  return amount and digits(amount) or 'null'
end

local function bidder_or_null(bidder)
  if not bidder or bidder == '' then
    return 'null'
  end
  return '"' .. bidder .. '"'
end

-- The members of each event between its name and `at`.
local members = {
  created = function(event, id, terms, public_terms)
    return format(',"auction":{"id":%s,%s,"closes_at":"%s","reserve_met":%s,"state":"scheduled","price":null,'
                  .. '"leader":null,"minimum_next":%s,"bids":0,"extensions":0,"winner":null,"sold":null}',
                  id, public_terms, moment(event.closes_at), terms.reserve and 'false' or 'null',
                  digits(terms.opening_price))
  end,
  opened = function()
    return ''
  end,
  bid_accepted = function(event)
    local bidder, amount = event.bidder, digits(event.amount)
    return ',"bidder":"' .. bidder .. '","amount":' .. amount .. ',"price":' .. amount .. ',"leader":"' .. bidder
           .. '","minimum_next":' .. amount_or_null(event.minimum_next) .. ',"closes_at":"' .. moment(event.closes_at)
           .. '"'
  end,
  extended = function(event)
    return format(',"closes_at":"%s","extensions":%s', moment(event.closes_at), digits(event.extensions))
  end,
  closed = function(event)
    return format(',"winner":%s,"price":%s,"sold":%s', bidder_or_null(event.winner), amount_or_null(event.price),
                  event.sold and 'true' or 'false')
  end,
  cancelled = function()
    return ''
  end,
}

-- An event's JSON. `id` and `epoch` are texts; a `created` needs the auction's terms and public terms too.
function event_text.event(id, epoch, event, terms, public_terms)
  local name = event.event
  return '{"auction_id":' .. id .. ',"epoch":' .. epoch .. ',"sequence":' .. digits(event.sequence) .. ',"event":"'
         .. name .. '"' .. members[name](event, id, terms, public_terms) .. ',"at":"' .. moment(event.at) .. '"}'
end

-- The secret of a bid that was given an idempotency key (visible ASCII).
function event_text.bid_secret(bidder, key, amount_text)
  return format('{"operation":"bid","caller":"%s","key":"%s","fingerprint":"%s"}', bidder,
                (gsub(key, '["\\]', '\\%0')), amount_text)
end

-- What stands inside the image's "terms":{…}.
function event_text.stored_terms(public_terms, closes_at, reserve)
  return format('%s,"closes_at":"%s","reserve":%s', public_terms, moment(closes_at), amount_or_null(reserve))
end

local IMAGE = whole_format('{"id":%s,"sequence":%W,"state":"%s","sold":%s,"extensions":%W,"bids":%W,"price":%s,'
                           .. '"leader":%s,"closes_at":"%s","terms":{%s}}')

-- The auction whole; `stored_terms` is the text of the function above.
function event_text.image(id, auction, stored_terms)
  return format(IMAGE, id, auction.sequence, rules.state_names[auction.state], auction.sold and 'true' or 'false',
                auction.extensions, auction.bids, auction.bids > 0 and digits(auction.price) or 'null',
                bidder_or_null(auction.leader), moment(auction.closes_at), stored_terms)
end

return event_text
