// What has left Redis: over for good, so that what stands in the archive is all there is to say. When PostgreSQL is
// away, only this is unavailable.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/bid_answers.hpp"
#include "engine/loop_port.hpp"
#include "engine/redis/functions.hpp"
#include "engine/redis/node.hpp"
#include "engine/refusals.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"

namespace flashbid {
namespace {

using StoredEvents = std::vector<StoredEvent>;

Error not_read(const Error& error) {
  if (error.failure == Failure::corrupt) return error;
  return {Failure::unavailable, "this is in the archive, which cannot be read now: " + error.detail};
}

// An image, or why there is none to show.
Result<Auction> over_or_not(Result<std::optional<Auction>> image, AuctionId id) {
  if (!image) return std::unexpected(image.error());
  if (!*image) return std::unexpected(no_such_auction(id));
  if (is_over((*image)->state)) return std::move(**image);
  return fail(Failure::unavailable, fmt::format("auction {} is in the archive but not in Redis: it has to be restored "
                                                "(flashbid restore)",
                                                id.value()));
}

}  // namespace

template <class Value>
void Node::in_archive(std::move_only_function<Result<Value>(LedgerReader&)> ask,
                      std::move_only_function<void(Result<Value>)> tell) {
  auto shared = std::make_shared<std::move_only_function<void(Result<Value>)>>(std::move(tell));
  const bool submitted = options_.archive->submit([this, shared, ask = std::move(ask)](LedgerReader& reader) mutable {
    options_.back_here([shared, answer = ask(reader)]() mutable {
      if (!answer) return (*shared)(std::unexpected(not_read(answer.error())));
      (*shared)(std::move(answer));
    });
  });
  if (!submitted) (*shared)(fail(Failure::unavailable, "too many reads of the archive wait; try again in a moment"));
}

void Node::read_archived(AuctionId auction, AuctionDone done) {
  in_archive<std::optional<Auction>>(
      [auction](LedgerReader& reader) { return reader.auction(auction); },
      [this, auction, done = std::move(done)](Result<std::optional<Auction>> image) mutable {
        Result<Auction> over = over_or_not(std::move(image), auction);
        if (!over) return done(std::unexpected(std::move(over.error())));
        const std::uint32_t watchers = options_.watchers ? options_.watchers(auction) : 0;
        done(AuctionView{std::move(*over), admission_.epoch(shard_of(auction)), watchers});
      });
}

// The answer is the rule's on the state that will not change any more; a known key's is the one it had.
void Node::bid_on_archived(const BidRequest& request, BidDone done) {
  struct Found {
    std::optional<Auction> auction;
    std::optional<StoredAnswer> known;
    std::vector<StoredEvent> events;  // of the known answer: the bid, and what came behind it
  };
  auto ask = [request](LedgerReader& reader) -> Result<Found> {
    auto image = reader.auction(request.auction);
    if (!image) return std::unexpected(image.error());
    Found found{std::move(*image), {}, {}};
    if (request.key.empty()) return found;
    auto known = reader.answer(Operation::bid, request.auction, request.bid.bidder, request.key);
    if (!known) return std::unexpected(known.error());
    found.known = std::move(*known);
    if (!found.known) return found;
    auto events = reader.events(request.auction, Sequence{found.known->sequence.value() - 1}, 2, false);
    if (!events) return std::unexpected(events.error());
    found.events = std::move(*events);
    return found;
  };
  in_archive<Found>(std::move(ask), [this, request, done = std::move(done)](Result<Found> found) mutable {
    if (!found) return done(std::unexpected(found.error()));
    const Result<Auction> auction = over_or_not(std::move(found->auction), request.auction);
    if (!auction) return done(std::unexpected(auction.error()));
    if (found->known) {
      if (found->known->fingerprint != std::to_string(request.bid.amount.value())) {
        return done(std::unexpected(key_reused(request.key)));
      }
      if (found->events.empty()) return done(fail(Failure::corrupt, "the archive lacks a remembered bid's event"));
      ++counters_.repeated;
      return done(answer_from_payloads(*found->events.front().payload,
                                       found->events.size() > 1 ? *found->events.back().payload : std::string()));
    }
    BidAnswer answer;
    answer.auction = auction->id;
    answer.reason = auction->state == AuctionState::closed ? Reason::closed : Reason::cancelled;
    answer.bidder = request.bid.bidder;
    answer.amount = request.bid.amount;
    answer.price = auction->standing_price();
    answer.leader = auction->leader;
    answer.minimum_next = auction->minimum_next();
    answer.closes_at = auction->closes_at;
    answer.as_of_sequence = auction->sequence;
    answer.decided_at = options_.now();
    ++counters_.rejected_by_reason[static_cast<std::size_t>(answer.reason)];
    done(answer);
  });
}

// An id that was named, or that a key had before (`again`), may be of an auction that has left Redis.
void Node::create_unless_archived(AuctionId id, bool again, CreateRequest request, AuctionDone done) {
  const unsigned shard = shard_of(id);
  auto shared = std::make_shared<CreateRequest>(std::move(request));
  auto is_there = redis::Command::of({"HEXISTS", redis::auction_key(shard, id), "state"});
  read_only(shard, std::move(is_there), [=, this, done = std::move(done)](Result<redis::Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    // It is there, or Redis says by itself what is wrong.
    if (reply->integer() == 1 || reply->is_error()) return create_under(id, std::move(*shared), std::move(done));
    read_archived(id, [=, this, done = std::move(done)](const Result<AuctionView>& left) mutable {
      const bool is_new = !left && left.error().failure == Failure::not_found;
      if (is_new) return create_under(id, std::move(*shared), std::move(done));
      if (!left) return done(std::unexpected(left.error()));
      if (again) return create_again(id, std::move(done));
      refuse_creation(*shared, id, auction_is_there(id), std::move(done));
    });
  });
}

void Node::create_again(AuctionId id, AuctionDone done) {
  in_archive<StoredEvents>(
      [id](LedgerReader& reader) { return reader.events(id, Sequence{0}, creation_events, false); },
      [this, id, done = std::move(done)](Result<StoredEvents> events) mutable {
        if (!events) return done(std::unexpected(events.error()));
        std::vector<DecodedEvent> first;
        for (const StoredEvent& event : *events) {
          Result<DecodedEvent> decoded = decode_event(*event.payload, {});
          if (!decoded) return done(std::unexpected(decoded.error()));
          first.push_back(std::move(*decoded));
        }
        Result<Auction> born = as_created(id, first);
        if (!born) return done(std::unexpected(born.error()));
        done(AuctionView{std::move(*born), admission_.epoch(shard_of(id)), 0});
      });
}

void Node::archived_sequence(AuctionId id, std::move_only_function<void(Result<Sequence>)> done) {
  in_archive<Sequence>(
      [id](LedgerReader& reader) -> Result<Sequence> {
        const auto image = reader.auction(id);
        if (!image) return std::unexpected(image.error());
        return *image ? (*image)->sequence : Sequence{0};
      },
      std::move(done));
}

void Node::cancel_archived(const CancelRequest& request, AuctionDone done) {
  auto known = std::make_shared<std::optional<StoredAnswer>>();
  auto ask = [request, known](LedgerReader& reader) -> Result<std::optional<Auction>> {
    if (request.key_use) {
      auto answer = reader.answer(Operation::cancel, request.auction, request.key_use->caller, request.key_use->key);
      if (!answer) return std::unexpected(answer.error());
      *known = std::move(*answer);
    }
    return reader.auction(request.auction);
  };
  in_archive<std::optional<Auction>>(
      std::move(ask), [this, request, known, done = std::move(done)](Result<std::optional<Auction>> image) mutable {
        Result<Auction> over = over_or_not(std::move(image), request.auction);
        if (!over) return done(std::unexpected(over.error()));
        if (!*known) return done(std::unexpected(auction_is_over(request.auction, to_text(over->state))));
        if ((*known)->fingerprint != request.key_use->fingerprint) {
          return done(std::unexpected(key_reused(request.key_use->key)));
        }
        ++counters_.repeated;
        done(AuctionView{std::move(*over), admission_.epoch(shard_of(request.auction)), 0});
      });
}

// All of it from the archive: nothing more will happen to it.
void Node::look_archived(AuctionId auction, std::optional<Sequence> after, LookDone done) {
  read_archived(auction, [this, after, done = std::move(done)](Result<AuctionView> view) mutable {
    if (!view) return done(std::unexpected(std::move(view.error())));
    const Sequence newest = view->auction.sequence;
    AuctionLook look{std::move(*view), newest.next(), {}};
    if (!after || *after >= newest) return done(std::move(look));
    complete(std::move(look), *after, std::move(done));
  });
}

// Puts the events between `after` and what Redis has in front. If they are too many, or the archive does not answer,
// whoever looks has to start over, as `first` says.
void Node::complete(AuctionLook look, Sequence after, LookDone done) {
  const AuctionId id = look.view.auction.id;
  const std::uint64_t missing = look.first.value() - after.next().value();
  if (look.view.auction.sequence.value() - after.value() > longest_resume) return done(std::move(look));
  in_archive<StoredEvents>(
      [id, after, missing](LedgerReader& reader) { return reader.events(id, after, missing, false); },
      [after, missing, look = std::move(look), done = std::move(done)](Result<StoredEvents> stored) mutable {
        if (!stored || stored->size() != missing) return done(std::move(look));
        std::vector<PublishedEvent> events;
        for (StoredEvent& event : *stored) events.push_back({event.sequence, std::move(event.payload), {}});
        std::ranges::move(look.events, std::back_inserter(events));
        look.events = std::move(events);
        look.first = after.next();
        done(std::move(look));
      });
}

// Only what is over leaves Redis. Redis was asked first: what leaves it meanwhile is in the archive by then.
void Node::add_archived(const std::shared_ptr<Gathering>& gathering) {
  if (gathering->error) return gathering->done(std::unexpected(*gathering->error));
  const auto& state = gathering->query.state;
  const bool all_in_redis = state && (*state == AuctionState::scheduled || *state == AuctionState::open);
  if (options_.archive == nullptr || all_in_redis) return finish(*gathering);
  in_archive<std::vector<Auction>>(
      [query = gathering->query](LedgerReader& reader) { return reader.list(query); },
      [this, gathering](Result<std::vector<Auction>> images) {
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
}

void Node::archived_actions(AuctionId auction, ActionsDone done) {
  struct Found {
    std::optional<Auction> auction;
    std::vector<OperatorAction> actions;
  };
  auto ask = [auction](LedgerReader& reader) -> Result<Found> {
    auto image = reader.auction(auction);
    if (!image) return std::unexpected(image.error());
    if (!*image) return Found{};
    auto actions = read_actions(reader, auction, action_places(**image));
    if (!actions) return std::unexpected(actions.error());
    return Found{std::move(*image), std::move(*actions)};
  };
  in_archive<Found>(std::move(ask), [auction, done = std::move(done)](Result<Found> found) mutable {
    if (!found) return done(std::unexpected(found.error()));
    const Result<Auction> over = over_or_not(std::move(found->auction), auction);
    if (!over) return done(std::unexpected(over.error()));
    done(std::move(found->actions));
  });
}

// `first` have been trimmed in Redis, which has the `rest`.
void Node::archived_actions(AuctionId auction, std::vector<Sequence> first, std::vector<OperatorAction> rest,
                            ActionsDone done) {
  if (options_.archive == nullptr) {
    return done(fail(Failure::unavailable, fmt::format("event {} of auction {} has left Redis, and this server has no "
                                                       "archive to look in",
                                                       first.front().value(), auction.value())));
  }
  auto ask = [auction, first = std::move(first),
              rest = std::move(rest)](LedgerReader& reader) -> Result<std::vector<OperatorAction>> {
    auto actions = read_actions(reader, auction, first);
    if (actions) actions->insert(actions->end(), rest.begin(), rest.end());
    return actions;
  };
  in_archive<std::vector<OperatorAction>>(std::move(ask), std::move(done));
}

// From the archive up to `up_to`, where Redis begins (0 = Redis has none of it), then from Redis.
void Node::archived_events(const EventsQuery& query, Sequence up_to, EventsPage begun, EventsDone when_done) {
  struct Found {
    std::optional<Auction> auction;
    std::vector<StoredEvent> events;
  };
  auto ask = [query](LedgerReader& reader) -> Result<Found> {
    auto events = reader.events(query.auction, query.after, query.limit, query.bids_only);
    if (!events) return std::unexpected(events.error());
    auto image = reader.auction(query.auction);
    if (!image) return std::unexpected(image.error());
    return Found{std::move(*image), std::move(*events)};
  };
  in_archive<Found>(std::move(ask), [this, query, up_to, page = std::move(begun),
                                     done = std::move(when_done)](Result<Found> found) mutable {
    if (!found) return done(std::unexpected(found.error()));
    if (up_to == Sequence{0} && !found->auction) return done(std::unexpected(no_such_auction(query.auction)));
    const std::size_t had = page.events.size();
    for (StoredEvent& event : found->events) {
      if (up_to != Sequence{0} && event.sequence >= up_to) break;
      page.last = event.sequence;
      page.events.push_back(std::move(event.payload));
    }
    if (up_to == Sequence{0}) {
      page.newest = found->auction->sequence;
      return done(std::move(page));
    }
    const std::size_t added = page.events.size() - had;
    if (added >= query.limit) return done(std::move(page));
    if (!query.bids_only && page.last.next() < up_to) {
      return done(fail(Failure::unavailable, fmt::format("the archive lacks event {} of auction {}",
                                                         page.last.next().value(), query.auction.value())));
    }
    EventsQuery rest = query;
    rest.after = Sequence{up_to.value() - 1};
    rest.limit -= added;
    events(rest, std::move(page), std::move(done));
  });
}

}  // namespace flashbid
