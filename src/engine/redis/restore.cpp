#include "engine/redis/restore.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/redis/admission.hpp"
#include "engine/redis/library.hpp"
#include "redis/client.hpp"

namespace flashbid {

Result<RefillCounts> restore_redis(RestoreOptions options) {
  const auto shards = archived_shards(options.from, 0);
  if (!shards) return std::unexpected(shards.error());
  if (*shards == 0) return fail(Failure::invalid, "the archive at " + options.from.shown + " is empty");

  boost::asio::io_context io{1};
  const auto work = boost::asio::make_work_guard(io);
  std::mutex mutex;
  RefillCounts sum;
  Refill refill({.url = options.from,
                 .shards = *shards,
                 .rebuilds = true,
                 .on_redis_thread =
                     [&io](Task task) {
                       auto shared = std::make_shared<Task>(std::move(task));
                       boost::asio::post(io, [shared] { (*shared)(); });
                     },
                 .on_notice = {},
                 .on_refilled =
                     [&](unsigned shard, const RefillCounts& counts) {
                       const std::scoped_lock lock(mutex);
                       sum.auctions += counts.auctions;
                       sum.events += counts.events;
                       sum.keys += counts.keys;
                       if (options.on_shard) options.on_shard(shard, *shards, counts);
                     }});
  // That nothing is evicted is checked; what else the operator's nodes need of its settings they check themselves.
  Admission admission({.shards = *shards,
                       .durability = {.fsync = false, .replicas = 0},
                       .unchecked = options.unchecked,
                       .refill = &refill,
                       .always_refills = true,
                       .on_epoch = {},
                       .on_notice = options.on_notice});
  redis::Options client_options;
  client_options.url = options.to;
  client_options.library_text = redis_library().text;
  client_options.admit = [&admission](std::shared_ptr<redis::Primary> primary, Admission::Done done) {
    admission.admit(std::move(primary), std::move(done));
  };
  redis::Client client(io, std::move(client_options));
  std::optional<Result<void>> outcome;
  client.start([&](Result<void> ready) {
    outcome = std::move(ready);
    io.stop();
  });
  io.run();
  refill.stop();
  client.stop();
  if (!*outcome) return std::unexpected(outcome->error());
  return sum;
}

}  // namespace flashbid
