-- src/access/gcra.hpp once more, for Redis; equal to it by tests/differential. A state is "US PART": microseconds and
-- parts of one more, each 1 / parts of it. All numbers are whole and below 2^53. Pure but for admit().
local gcra = {}

local function digits(number)
  return string.format('%.0f', number)
end

local function plus(us, part, more_us, more_part, parts)
  us, part = us + more_us, part + more_part
  if part >= parts then
    return us + 1, part - parts
  end
  return us, part
end

local function is_later(us, part, than_us, than_part)
  return us > than_us or (us == than_us and part > than_part)
end

-- Of the texts from `at` on: interval, part of it, tolerance, part of it, parts. nil if they are no rate.
function gcra.rate(texts, at)
  for i = at, at + 4 do
    if not texts[i] or #texts[i] > 16 or not string.find(texts[i], '^%d+$') then
      return nil
    end
  end
  local rate = {
    interval = tonumber(texts[at]), interval_part = tonumber(texts[at + 1]),
    tolerance = tonumber(texts[at + 2]), tolerance_part = tonumber(texts[at + 3]),
    parts = tonumber(texts[at + 4]),
  }
  return rate.parts > 0 and rate.interval_part < rate.parts and rate.tolerance_part < rate.parts and rate or nil
end

-- `stored`: nil, false or a state. Replies whether it is admitted, the state from now on, and after a refusal so many
-- microseconds to wait. What cannot be read counts as a burst that was used up just now; so does what is further ahead,
-- because the clock has run back.
function gcra.decide(rate, stored, now)
  local parts = rate.parts
  local limit_us, limit_part = plus(now, 0, rate.tolerance, rate.tolerance_part, parts)
  local most_us, most_part = plus(limit_us, limit_part, rate.interval, rate.interval_part, parts)
  local us, part = 0, 0
  if stored then
    local us_text, part_text = string.match(stored, '^(%d+) (%d+)$')
    us, part = tonumber(us_text) or most_us, tonumber(part_text) or most_part
    if part >= parts then
      us, part = us + 1, 0
    end
  end
  if is_later(us, part, most_us, most_part) then
    us, part = most_us, most_part
  end
  if is_later(us, part, limit_us, limit_part) then
    local rest = part > rate.tolerance_part and 1 or 0
    return false, digits(us) .. ' ' .. digits(part), us - rate.tolerance - now + rest
  end
  if us < now then
    us, part = now, 0
  end
  us, part = plus(us, part, rate.interval, rate.interval_part, parts)
  return true, digits(us) .. ' ' .. digits(part), 0
end

-- A state that has passed says nothing, so the key goes with the first millisecond in which it has.
local function write(key, state)
  local us = tonumber(string.match(state, '^%d+'))
  redis.call('SET', key, state, 'PXAT', digits(math.floor(us / 1000) + 1))
end

-- args: for each key the five texts of its rate. If all keys admit one more, that counts for all, and the reply is
-- {0, 0}; otherwise for none: {number of the first key that refuses, microseconds to wait}.
function gcra.admit(now, keys, args)
  local rates, states = {}, {}
  for i = 1, #keys do
    rates[i] = gcra.rate(args, 5 * i - 4)
    if not rates[i] then
      return redis.error_reply('BADARG for each key: interval part tolerance part parts')
    end
  end
  for i, key in ipairs(keys) do
    local stored = redis.call('GET', key)
    local admitted, state, wait = gcra.decide(rates[i], stored, now)
    if not admitted then
      if state ~= stored then
        write(key, state)
      end
      return {i, wait}
    end
    states[i] = state
  end
  for i, key in ipairs(keys) do
    write(key, states[i])
  end
  return {0, 0}
end

return gcra
