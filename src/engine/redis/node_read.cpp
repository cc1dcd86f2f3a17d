// Reading: always what stands in Redis now; what has left it is read in the archive.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/loop_port.hpp"
#include "engine/redis/functions.hpp"
#include "engine/redis/node.hpp"
#include "engine/refusals.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"

namespace flashbid {
namespace {

std::unexpected<Error> not_understood(std::string_view function, const redis::Reply& reply) {
  return fail(Failure::internal, fmt::format("{} was answered with: {}", function, reply.text()));
}

std::unexpected<Error> too_many_reads() {
  return fail(Failure::unavailable, "too many reads of the archive wait; try again in a moment");
}

}  // namespace

struct Node::Gathering {
  ListQuery query;  // with one more than was asked for: tells whether there are more
  ListDone done;
  std::vector<AuctionView> views;
  std::size_t missing = 0;
  std::optional<Error> error;
};

Result<AuctionView> Node::view_of(const redis::Reply& image, Epoch epoch) const {
  Result<Auction> auction = decode_image(image.text());
  if (!auction) return std::unexpected(auction.error());
  const AuctionId id = auction->id;
  return AuctionView{std::move(*auction), epoch, options_.watchers ? options_.watchers(id) : 0};
}

void Node::read_only(unsigned shard, redis::Command command, Answered answered) {
  client_.send(meta_keys_[shard], std::move(command).may_repeat(),
               [this, shard, answered = std::move(answered)](Result<redis::Reply> reply) mutable {
                 if (reply && reply->error_code() == "NOSHARD") {
                   client_.admit_again(meta_keys_[shard]);
                   return answered(fail(Failure::unavailable, fmt::format("Redis has no data of shard {}", shard)));
                 }
                 // Nothing that a read does can be in doubt.
                 const bool lost = !reply && reply.error().failure == Failure::outcome_unknown;
                 if (lost) reply.error().failure = Failure::unavailable;
                 answered(std::move(reply));
               });
}

void Node::look(AuctionId auction, std::optional<Sequence> after,
                std::move_only_function<void(Result<AuctionLook>)> done) {
  const unsigned shard = shard_of(auction);
  auto command = function_call(names_.view, meta_keys_[shard], 3, true);
  command.add(auction.value()).add(after ? std::to_string(after->value()) : std::string()).add(longest_resume);
  read_only(shard, command.take(), [this, auction, done = std::move(done)](Result<redis::Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    if (reply->is_error()) return done(std::unexpected(error_of(*reply, auction, {})));
    const auto words = reply->elements();
    if (words.size() < 3) return done(not_understood("view", *reply));
    Result<AuctionView> view = view_of(words[1], Epoch{number_of(words[0])});
    if (!view) return done(std::unexpected(view.error()));
    AuctionLook look{std::move(*view), Sequence{number_of(words[2])}, {}};
    for (std::size_t k = 3; k + 1 < words.size(); k += 2) {
      look.events.push_back(
          {Sequence{number_of(words[k])}, std::make_shared<const std::string>(words[k + 1].text()), {}});
    }
    done(std::move(look));
  });
}

void Node::read(AuctionId auction, AuctionDone done) {
  look(auction, std::nullopt, [this, auction, done = std::move(done)](Result<AuctionLook> look) mutable {
    if (look) return done(std::move(look->view));
    if (look.error().failure == Failure::not_found && options_.archive != nullptr) {
      return read_archived(auction, std::move(done));
    }
    done(std::unexpected(std::move(look.error())));
  });
}

void Node::read_archived(AuctionId auction, AuctionDone done) {
  auto shared = std::make_shared<AuctionDone>(std::move(done));
  const bool submitted = options_.archive->submit([this, auction, shared](LedgerReader& reader) {
    auto found = reader.auction(auction);
    options_.back_here([this, auction, shared, found = std::move(found)]() mutable {
      if (!found) return (*shared)(std::unexpected(found.error()));
      if (!*found) return (*shared)(std::unexpected(no_such_auction(auction)));
      (*shared)(AuctionView{std::move(**found), admission_.epoch(shard_of(auction)), 0});
    });
  });
  if (!submitted) (*shared)(too_many_reads());
}

void Node::list(const ListQuery& query, ListDone done) {
  auto gathering = std::make_shared<Gathering>(query, std::move(done));
  ++gathering->query.limit;
  gathering->missing = options_.shards;
  for (unsigned shard = 0; shard < options_.shards; ++shard) {
    auto command = function_call(names_.list, meta_keys_[shard], 3, true);
    command.add(query.state ? to_text(*query.state) : "").add(query.after.value()).add(gathering->query.limit);
    read_only(shard, command.take(), [this, shard, gathering](Result<redis::Reply> reply) {
      if (!reply) {
        gathering->error = reply.error();
      } else if (reply->is_error()) {
        gathering->error = error_of(*reply, AuctionId{0}, {});
      } else {
        for (const redis::Reply& image : reply->elements()) {
          Result<AuctionView> view = view_of(image, admission_.epoch(shard));
          if (!view) gathering->error = view.error();
          if (view) gathering->views.push_back(std::move(*view));
        }
      }
      if (--gathering->missing == 0) add_archived(gathering);
    });
  }
}

// Only what is over leaves Redis. Redis was asked first: what leaves it meanwhile is in the archive by then.
void Node::add_archived(const std::shared_ptr<Gathering>& gathering) {
  if (gathering->error) return gathering->done(std::unexpected(*gathering->error));
  const auto& state = gathering->query.state;
  const bool all_in_redis = state && (*state == AuctionState::scheduled || *state == AuctionState::open);
  if (options_.archive == nullptr || all_in_redis) return finish(*gathering);
  const bool submitted = options_.archive->submit([this, gathering](LedgerReader& reader) {
    auto images = reader.list(gathering->query);
    options_.back_here([this, gathering, images = std::move(images)]() mutable {
      if (!images) return gathering->done(std::unexpected(images.error()));
      std::ranges::sort(gathering->views, {}, [](const AuctionView& view) { return view.auction.id; });
      std::vector<AuctionView> added;
      for (Auction& image : *images) {
        const bool in_redis = std::ranges::binary_search(gathering->views, image.id, {},
                                                         [](const AuctionView& view) { return view.auction.id; });
        const Epoch epoch = admission_.epoch(shard_of(image.id));
        if (!in_redis && is_over(image.state)) added.push_back({std::move(image), epoch, 0});
      }
      std::ranges::move(added, std::back_inserter(gathering->views));
      finish(*gathering);
    });
  });
  if (!submitted) gathering->done(too_many_reads());
}

void Node::finish(Gathering& gathering) const {
  std::ranges::sort(gathering.views, {}, [](const AuctionView& view) { return view.auction.id; });
  AuctionPage page;
  page.more = gathering.views.size() >= gathering.query.limit;
  if (page.more)
    gathering.views.erase(gathering.views.begin() + static_cast<std::ptrdiff_t>(gathering.query.limit - 1),
                          gathering.views.end());
  page.auctions = std::move(gathering.views);
  gathering.done(std::move(page));
}

void Node::events(const EventsQuery& query, EventsDone done) { events(query, {{}, query.after, {}}, std::move(done)); }

// Adds what Redis has behind `page`. A call looks at a bounded number of events: bids may be further on.
void Node::events(const EventsQuery& query, EventsPage page, EventsDone done) {
  const unsigned shard = shard_of(query.auction);
  auto command = function_call(names_.events, meta_keys_[shard], 4, true);
  command.add(query.auction.value()).add(query.after.value()).add(query.limit).add(query.bids_only ? 1 : 0);
  read_only(shard, command.take(),
            [this, query, page = std::move(page), done = std::move(done)](Result<redis::Reply> reply) mutable {
              if (!reply) return done(std::unexpected(std::move(reply.error())));
              if (reply->is_error()) {
                const bool gone = reply->error_code() == "NOTFOUND" && options_.archive != nullptr;
                if (gone) return archived_events(query, Sequence{0}, std::move(page), std::move(done));
                return done(std::unexpected(error_of(*reply, query.auction, {})));
              }
              const auto words = reply->elements();
              if (words.size() < 3) return done(not_understood("events", *reply));
              page.newest = Sequence{number_of(words[0])};
              const Sequence first{number_of(words[1])};
              if (first > query.after.next() && options_.archive != nullptr) {
                return archived_events(query, first, std::move(page), std::move(done));
              }
              EventsQuery rest = query;
              rest.after = Sequence{number_of(words[2])};
              for (std::size_t k = 3; k + 1 < words.size(); k += 2, --rest.limit) {
                page.last = Sequence{number_of(words[k])};
                page.events.push_back(std::make_shared<const std::string>(words[k + 1].text()));
              }
              const bool more =
                  query.bids_only && rest.limit > 0 && rest.after < page.newest && rest.after > query.after;
              if (more) return events(rest, std::move(page), std::move(done));
              done(std::move(page));
            });
}

// From the archive up to `up_to`, where Redis begins (0 = Redis has none of it), then from Redis.
void Node::archived_events(const EventsQuery& query, Sequence up_to, EventsPage begun, EventsDone when_done) {
  auto shared = std::make_shared<std::pair<EventsPage, EventsDone>>(std::move(begun), std::move(when_done));
  const bool submitted = options_.archive->submit([this, query, up_to, shared](LedgerReader& reader) {
    auto stored = reader.events(query.auction, query.after, query.limit, query.bids_only);
    auto image = reader.auction(query.auction);
    options_.back_here([this, query, up_to, shared, stored = std::move(stored), image = std::move(image)]() mutable {
      auto& page = shared->first;
      auto& done = shared->second;
      if (!stored) return done(std::unexpected(stored.error()));
      if (!image) return done(std::unexpected(image.error()));
      if (up_to == Sequence{0} && !*image) return done(std::unexpected(no_such_auction(query.auction)));
      for (StoredEvent& event : *stored) {
        if (up_to != Sequence{0} && event.sequence >= up_to) break;
        page.last = event.sequence;
        page.events.push_back(std::move(event.payload));
      }
      if (up_to == Sequence{0}) {
        if (page.events.empty()) page.last = query.after;
        page.newest = (*image)->sequence;
        return done(std::move(page));
      }
      if (page.events.size() >= query.limit) return done(std::move(page));
      if (!query.bids_only && page.last.next() < up_to) {
        return done(fail(Failure::unavailable, fmt::format("the archive lacks event {} of auction {}",
                                                           page.last.next().value(), query.auction.value())));
      }
      EventsQuery rest = query;
      rest.after = Sequence{up_to.value() - 1};
      rest.limit -= page.events.size();
      events(rest, std::move(page), std::move(done));
    });
  });
  if (!submitted) shared->second(too_many_reads());
}

}  // namespace flashbid
