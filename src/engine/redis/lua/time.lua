-- Moments as text: milliseconds since 1970 (UTC) to RFC 3339 with milliseconds, as base/time.cpp writes them.
-- Pure, but for a bounded memory of seconds written before: most texts of a moment are of the same few.
local time = {}

time.max_ms = 253402300799999 -- 9999-12-31T23:59:59.999Z

local MAX_REMEMBERED = 1024

local floor, format = math.floor, string.format
local seconds, remembered = {}, 0

-- The date of a day counted from 1970-01-01, by the civil calendar: years begin in March, so that leap days come last.
local function date_of(day)
  local shifted = day + 719468
  local era = floor(shifted / 146097)
  local day_of_era = shifted - era * 146097
  local year_of_era = floor((day_of_era - floor(day_of_era / 1460) + floor(day_of_era / 36524)
                             - floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era - (365 * year_of_era + floor(year_of_era / 4) - floor(year_of_era / 100))
  local month_from_march = floor((5 * day_of_year + 2) / 153)
  local month = month_from_march < 10 and month_from_march + 3 or month_from_march - 9
  local year = year_of_era + era * 400 + (month <= 2 and 1 or 0)
  return year, month, day_of_year - floor((153 * month_from_march + 2) / 5) + 1
end

local function second_text(second)
  local day = floor(second / 86400)
  local rest = second - day * 86400
  local year, month, day_of_month = date_of(day)
  return format('%04d-%02d-%02dT%02d:%02d:%02d.', year, month, day_of_month, floor(rest / 3600), floor(rest / 60) % 60,
                rest % 60)
end

-- "2026-01-31T08:00:00.000Z".
function time.text(ms)
  local rest = ms % 1000
  local second = (ms - rest) / 1000
  local front = seconds[second]
  if not front then
    if remembered >= MAX_REMEMBERED then
      seconds, remembered = {}, 0
    end
    front = second_text(second)
    seconds[second] = front
    remembered = remembered + 1
  end
  return front .. format('%03dZ', rest)
end

return time
