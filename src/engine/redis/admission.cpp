#include "engine/redis/admission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/redis/functions.hpp"
#include "engine/redis/library.hpp"
#include "redis/meta.hpp"

namespace flashbid {
namespace {

constexpr std::uint64_t least_major = 7;

std::string_view setting(const redis::Reply& settings, std::string_view name) {
  const auto words = settings.elements();
  for (std::size_t k = 0; k + 1 < words.size(); k += 2) {
    if (words[k].text() == name) return words[k + 1].text();
  }
  return {};
}

// A slot that has moved away, or is about to: it is asked for where it will be.
bool is_moving(const redis::Reply& reply) {
  const std::string_view code = reply.error_code();
  return code == "MOVED" || code == "ASK" || code == "TRYAGAIN";
}

}  // namespace

std::string unfit_version(std::string_view version) {
  if (to_number(version) >= least_major) return {};
  return fmt::format("it is Redis {}; functions need Redis 7.0 or newer", version);
}

std::string unfit_settings(const redis::Reply& settings, const RedisDurability& durability) {
  const std::string_view policy = setting(settings, "maxmemory-policy");
  if (policy != "noeviction") {
    return fmt::format("its maxmemory-policy is {}, under which it throws auctions away; set noeviction", policy);
  }
  if (!durability.fsync) return {};
  if (setting(settings, "appendonly") != "yes") {
    return "its appendonly is off, so that a restart forgets acknowledged bids; set `appendonly yes`, or give "
           "--durability memory";
  }
  const std::string_view fsync = setting(settings, "appendfsync");
  if (fsync != "always") {
    return fmt::format(
        "its appendfsync is {}, so that a crash loses acknowledged bids; set `appendfsync always`, or give "
        "--durability memory",
        fsync);
  }
  if (setting(settings, "no-appendfsync-on-rewrite") != "no") {
    return "its no-appendfsync-on-rewrite is yes, so that it does not sync while it rewrites its log; set it to no, or "
           "give --durability memory";
  }
  return {};
}

// One primary being asked: kept alive by the steps that are still to come.
struct Admission::Asking {
  std::shared_ptr<redis::Primary> primary;
  Done done;
  std::vector<unsigned> shards;  // that it serves and that are still to be asked for, the next one last

  [[nodiscard]] std::string name() const { return fmt::format("{}:{}", primary->address.host, primary->address.port); }
  void refuse(Failure failure, std::string why) { done(fail(failure, std::move(why))); }
  // An error, or an error reply, ends it.
  [[nodiscard]] bool is_over(const Result<redis::Reply>& reply, std::string_view what) {
    if (!reply) {
      refuse(reply.error().failure, fmt::format("{}: {}", what, reply.error().detail));
      return true;
    }
    if (reply->is_error()) refuse(Failure::unavailable, fmt::format("{}: {}", what, reply->text()));
    return reply->is_error();
  }
};

Admission::Admission(Options options) : options_(std::move(options)), shards_(options_.shards) {}

void Admission::admit(std::shared_ptr<redis::Primary> primary, Done done) {
  auto asking = std::make_shared<Asking>();
  asking->primary = std::move(primary);
  asking->done = std::move(done);
  for (unsigned shard = options_.shards; shard-- > 0;) {
    if (asking->primary->serves(redis::slot_of(redis::meta_key(shard)))) asking->shards.push_back(shard);
  }
  if (const std::string why = unfit_version(asking->primary->property("redis_version")); !why.empty()) {
    return asking->refuse(Failure::invalid, why);
  }
  check_settings(asking);
}

void Admission::check_settings(const std::shared_ptr<Asking>& asking) {
  if (options_.unchecked) return load_library(asking);
  asking->primary->send(
      redis::Command::of(
          {"CONFIG", "GET", "maxmemory-policy", "appendonly", "appendfsync", "no-appendfsync-on-rewrite"}),
      [this, asking](Result<redis::Reply> reply) {
        if (reply && reply->is_error()) {
          return asking->refuse(Failure::invalid,
                                fmt::format("it does not tell its settings ({}): allow CONFIG GET, or "
                                            "give --redis-unchecked if they are right",
                                            reply->text()));
        }
        if (asking->is_over(reply, "CONFIG GET")) return;
        if (const std::string why = unfit_settings(*reply, options_.durability); !why.empty()) {
          return asking->refuse(Failure::invalid, why);
        }
        load_library(asking);
      });
}

void Admission::load_library(const std::shared_ptr<Asking>& asking) {
  asking->primary->send(
      redis::Command::of({"FUNCTION", "LOAD", redis_library().text}), [this, asking](Result<redis::Reply> reply) {
        // A full Redis loads nothing, and may have it.
        if (reply && reply->error_code() == "OOM") return find_library(asking);
        const bool is_there =
            reply && reply->is_error() && reply->text().find("already exists") != std::string_view::npos;
        if (!is_there && asking->is_over(reply, "FUNCTION LOAD")) return;
        next_shard(asking);
      });
}

void Admission::find_library(const std::shared_ptr<Asking>& asking) {
  asking->primary->send(redis::Command::of({"FUNCTION", "LIST", "LIBRARYNAME", redis_library().name}),
                        [this, asking](const Result<redis::Reply>& reply) {
                          if (asking->is_over(reply, "FUNCTION LIST")) return;
                          if (!reply->elements().empty()) return next_shard(asking);
                          asking->refuse(Failure::unavailable,
                                         "it is full and lacks this version's functions: give it a higher maxmemory");
                        });
}

void Admission::next_shard(const std::shared_ptr<Asking>& asking) {
  if (asking->shards.empty()) return asking->done({});
  const unsigned shard = asking->shards.back();
  asking->shards.pop_back();
  read_shard(asking, shard);
}

void Admission::read_shard(const std::shared_ptr<Asking>& asking, unsigned shard) {
  asking->primary->send(
      redis::Command::of({"HMGET", redis::meta_key(shard), "epoch", "incarnation", "shards", redis::archived_field}),
      [this, asking, shard](Result<redis::Reply> reply) {
        if (reply && is_moving(*reply)) return next_shard(asking);
        if (asking->is_over(reply, "HMGET")) return;
        const auto fields = reply->elements();
        const Shard& known = shards_[shard];
        const bool is_new = fields.size() != 4 || fields[0].is_nil();
        if (is_new && known.epoch != Epoch{0}) {
          return asking->refuse(
              Failure::unavailable,
              fmt::format("shard {} has no data any more: it was emptied. Restore it (flashbid restore) "
                          "or bring its data back",
                          shard));
        }
        if (is_new) return begin_epoch(asking, {.shard = shard, .stored = {}, .used = {}, .incarnation = {}});
        if (to_number(fields[2].text()) != options_.shards) {
          return asking->refuse(Failure::invalid, fmt::format("shard {} belongs to {} shards, this node works with {}",
                                                              shard, fields[2].text(), options_.shards));
        }
        const bool archived = !fields[3].is_nil();
        if (archived && options_.refill == nullptr) {
          return asking->refuse(Failure::invalid,
                                "this Redis is archived: start this node with --archive, where it finds what has left "
                                "Redis, and what Redis may have lost");
        }
        const Epoch epoch{to_number(fields[0].text())};
        // A primary that went back in time may name an epoch that was used already, for events that are gone.
        const bool used_before = epoch <= known.epoch && known.run_id != asking->primary->run_id;
        Begin begin{.shard = shard,
                    .stored = epoch,
                    .used = std::max(epoch, known.epoch),
                    .incarnation = std::string(fields[1].text()),
                    .archived = archived,
                    .admitted = fields[1].text() == asking->primary->run_id && !used_before};
        if (begin.admitted && !options_.always_refills) return go_on(asking, shard, epoch, begin.archived);
        begin_epoch(asking, std::move(begin));
      });
}

void Admission::begin_epoch(const std::shared_ptr<Asking>& asking, Begin begin) {
  if (options_.refill != nullptr) return refill(asking, std::move(begin));
  write_epoch(asking, begin, begin.used.next());
}

void Admission::refill(const std::shared_ptr<Asking>& asking, Begin begin) {
  Refill::Question question{.primary = asking->primary,
                            .shard = begin.shard,
                            .used = begin.used,
                            .incarnation = begin.incarnation,
                            .is_new = begin.stored == Epoch{0},
                            .admitted = begin.admitted};
  options_.refill->ask(std::move(question), [this, asking, begin = std::move(begin)](Result<Epoch> epoch) {
    if (!epoch) {
      Error why{epoch.error().failure,
                fmt::format("shard {} is not served before the archive has been asked what it lacks: {}", begin.shard,
                            epoch.error().detail)};
      if (begin.stored == Epoch{0}) return refuse_if_new(asking, begin.shard, std::move(why));
      return asking->refuse(why.failure, std::move(why.detail));
    }
    if (begin.admitted && *epoch == begin.stored) return go_on(asking, begin.shard, *epoch, begin.archived);
    write_epoch(asking, begin, *epoch);
  });
}

// What the archive has of a shard without data may have come from another node, which began the shard meanwhile.
void Admission::refuse_if_new(const std::shared_ptr<Asking>& asking, unsigned shard, Error why) {
  asking->primary->send(redis::Command::of({"EXISTS", redis::meta_key(shard)}),
                        [this, asking, shard, why = std::move(why)](const Result<redis::Reply>& reply) mutable {
                          if (asking->is_over(reply, "EXISTS")) return;
                          if (reply->integer() == 1) return read_shard(asking, shard);
                          asking->refuse(why.failure, std::move(why.detail));
                        });
}

void Admission::write_epoch(const std::shared_ptr<Asking>& asking, const Begin& begin, Epoch epoch) {
  auto command = redis::function_call(function_name("admit"), redis::meta_key(begin.shard), 4);
  command.add(asking->primary->run_id).add(begin.incarnation).add(epoch.value()).add(options_.shards);
  asking->primary->send(command.take(), [this, asking, begin, epoch](Result<redis::Reply> reply) {
    const unsigned shard = begin.shard;
    if (reply && is_moving(*reply)) return next_shard(asking);
    // Another node was faster: what it wrote counts.
    if (reply && reply->error_code() == "STALE") return read_shard(asking, shard);
    if (asking->is_over(reply, "admit")) return;
    if (begin.stored != Epoch{0} && options_.on_notice) {
      options_.on_notice(fmt::format("shard {}: {} {}; epoch {} begins", shard, asking->name(),
                                     begin.admitted ? "lacked something" : "is another primary than before",
                                     epoch.value()));
    }
    go_on(asking, shard, epoch, begin.archived);
  });
}

// The primary is the shard's. Says there that it is archived, if that is new.
void Admission::go_on(const std::shared_ptr<Asking>& asking, unsigned shard, Epoch epoch, bool is_marked) {
  admitted(shard, epoch, asking->primary->run_id);
  if (options_.refill == nullptr || is_marked) return next_shard(asking);
  asking->primary->send(redis::mark_archived(shard), [this, asking](const Result<redis::Reply>& reply) {
    if (!asking->is_over(reply, "HSET")) next_shard(asking);
  });
}

bool Admission::adopt(unsigned shard, Epoch epoch, std::string_view incarnation) {
  if (shards_[shard].run_id != incarnation) return false;
  admitted(shard, epoch, shards_[shard].run_id);
  return true;
}

void Admission::admitted(unsigned shard, Epoch epoch, const std::string& run_id) {
  Shard& known = shards_[shard];
  const bool changed = known.epoch != Epoch{0} && known.epoch != epoch;
  known = {epoch, std::string(run_id)};
  if (changed && options_.on_epoch) options_.on_epoch(shard, epoch);
}

}  // namespace flashbid
