-- The functions that nodes call: FCALL NAME_VERSION 1 flashbid:{TAG} ARGV… Thin: reads the clock, calls, registers.
-- Names carry the library's version, so that nodes of two versions can run on one Redis. Errors are replies whose first
-- word is a code: NOSHARD, EPOCH, NOTFOUND, EXISTS, KEYREUSED, CONFLICT, BADARG, STALE.

-- While a library loads, Redis shows it nothing of Lua but register_function: the modules are made by the first call.
local commands, reading, upkeep

-- Redis's clock in ms, read once a call: TIME moves within a script, and may run back; this never does.
local last_ms = 0
local function clock()
  local now = redis.call('TIME')
  local ms = now[1] * 1000 + math.floor(now[2] / 1000)
  if ms > last_ms then
    last_ms = ms
  end
  return last_ms
end

-- A Redis over its maxmemory still does what is flagged so: what frees memory, what has to come before that, and what
-- time brings, which is little.
local WHEN_FULL = {'allow-oom'}

local function register(name, call, flags)
  redis.register_function({
    function_name = name .. '_' .. VERSION,
    callback = function(keys, args)
      if not commands then
        commands, reading, upkeep = load_modules()
      end
      return call(keys[1], args)
    end,
    flags = flags,
  })
end

register('bid', function(shard, args)
  return commands.bid(shard, clock(), args[1], args[2], args[3], args[4], args[5])
end)
register('create', function(shard, args)
  return commands.create(shard, clock(), unpack(args, 1, 10))
end)
register('cancel', function(shard, args)
  return commands.cancel(shard, clock(), unpack(args, 1, 6))
end)
register('tick', function(shard, args)
  return commands.tick(shard, clock(), args[1], args[2])
end, WHEN_FULL)

-- Nothing, and it is refused when a bid is: by a Redis that is full, cannot write to its disk, lacks replicas …
register('may_write', function()
  return 'ok'
end)

register('view', function(shard, args)
  return reading.view(shard, args[1], args[2], args[3])
end, {'no-writes'})
register('events', function(shard, args)
  return reading.events(shard, args[1], args[2], args[3], args[4])
end, {'no-writes'})
register('actions', function(shard, args)
  return reading.actions(shard, args[1])
end, {'no-writes'})
register('rejections', function(shard, args)
  return reading.rejections(shard, args[1])
end, {'no-writes'})
register('list', function(shard, args)
  return reading.list(shard, args[1], args[2], args[3])
end, {'no-writes'})

register('reserve_id', function(shard, args)
  return upkeep.reserve_id(shard, unpack(args, 1, 5))
end)
register('release_key', function(shard, args)
  return upkeep.release_key(shard, unpack(args, 1, 4))
end)
register('admit', function(shard, args)
  return upkeep.admit(shard, unpack(args, 1, 4))
end, WHEN_FULL)
register('propose', function(shard, args)
  return upkeep.propose(shard, unpack(args, 1, 3))
end, WHEN_FULL)
register('restore_ids', function(shard, args)
  return upkeep.restore_ids(shard, args)
end, WHEN_FULL)
register('restore_keys', function(shard, args)
  return upkeep.restore_keys(shard, args)
end)
register('restore', function(shard, args)
  return upkeep.restore(shard, args)
end)
register('trim', function(shard, args)
  return upkeep.trim(shard, args)
end, WHEN_FULL)
register('forget', function(shard, args)
  return upkeep.forget(shard, clock(), args)
end, WHEN_FULL)
