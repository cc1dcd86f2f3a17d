-- The function that nodes call: FCALL admit_VERSION N KEY… ARGV… Thin: reads the clock, calls, registers.

-- While a library loads, Redis shows it nothing of Lua but register_function: the module is made by the first call.
local gcra

-- Redis's clock in microseconds, read once a call; it may run back, this never does.
local last_us = 0
local function clock()
  local now = redis.call('TIME')
  local us = now[1] * 1000000 + now[2]
  if us > last_us then
    last_us = us
  end
  return last_us
end

redis.register_function('admit_' .. VERSION, function(keys, args)
  gcra = gcra or load_gcra()
  return gcra.admit(clock(), keys, args)
end)
