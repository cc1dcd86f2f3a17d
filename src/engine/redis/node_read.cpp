// Reading: always what stands in Redis now; what has left it is read in the archive.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/loop_port.hpp"
#include "engine/redis/functions.hpp"
#include "engine/redis/node.hpp"
#include "engine/redis/rules_text.hpp"
#include "engine/refusals.hpp"
#include "engine/rejections.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"

namespace flashbid {
namespace {

std::unexpected<Error> not_understood(std::string_view function, const redis::Reply& reply) {
  return fail(Failure::internal, fmt::format("{} was answered with: {}", function, reply.text()));
}

}  // namespace

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
  auto command = redis::function_call(names_.view, meta_keys_[shard], 3, true);
  command.add(auction.value()).add(after ? std::to_string(after->value()) : std::string()).add(longest_resume);
  read_only(shard, command.take(), [this, auction, after, done = std::move(done)](Result<redis::Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    if (reply->error_code() == "NOTFOUND" && options_.archive != nullptr) {
      return look_archived(auction, after, std::move(done));
    }
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
    const bool trimmed = after && look.first > after->next() && options_.archive != nullptr;
    if (trimmed) return complete(std::move(look), *after, std::move(done));
    done(std::move(look));
  });
}

void Node::read(AuctionId auction, AuctionDone done) {
  look(auction, std::nullopt, [done = std::move(done)](Result<AuctionLook> look) mutable {
    if (!look) return done(std::unexpected(std::move(look.error())));
    done(std::move(look->view));
  });
}

void Node::list(const ListQuery& query, ListDone done) {
  auto gathering = std::make_shared<Gathering>(query, std::move(done));
  ++gathering->query.limit;
  gathering->missing = options_.shards;
  for (unsigned shard = 0; shard < options_.shards; ++shard) {
    auto command = redis::function_call(names_.list, meta_keys_[shard], 3, true);
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

// What has been trimmed is read in the archive.
void Node::actions(AuctionId auction, ActionsDone done) {
  const unsigned shard = shard_of(auction);
  auto command = redis::function_call(names_.actions, meta_keys_[shard], 1, true);
  command.add(auction.value());
  read_only(shard, command.take(), [this, auction, done = std::move(done)](Result<redis::Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    if (reply->error_code() == "NOTFOUND" && options_.archive != nullptr) {
      return archived_actions(auction, std::move(done));
    }
    if (reply->is_error()) return done(std::unexpected(error_of(*reply, auction, {})));
    std::vector<OperatorAction> actions;
    std::vector<Sequence> trimmed;
    const auto words = reply->elements();
    for (std::size_t k = 0; k + 2 < words.size(); k += 3) {
      if (words[k + 1].text().empty()) {
        trimmed.emplace_back(number_of(words[k]));
        continue;
      }
      const Result<OperatorAction> action = action_of(words[k + 1].text(), words[k + 2].text());
      if (!action) return done(std::unexpected(action.error()));
      actions.push_back(*action);
    }
    if (trimmed.empty()) return done(std::move(actions));
    archived_actions(auction, std::move(trimmed), std::move(actions), std::move(done));
  });
}

// An auction that has left Redis was over for a day: nothing is remembered of what was refused there.
void Node::rejections(AuctionId auction, RejectionsDone done) {
  const unsigned shard = shard_of(auction);
  auto command = redis::function_call(names_.rejections, meta_keys_[shard], 1, true);
  command.add(auction.value());
  read_only(shard, command.take(), [this, auction, done = std::move(done)](Result<redis::Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    Rejections told{{}, options_.now() - rejection_kept};
    if (reply->error_code() == "NOTFOUND" && options_.archive != nullptr) {
      return archived_sequence(auction, [auction, told, done = std::move(done)](Result<Sequence> stored) mutable {
        if (!stored) return done(std::unexpected(stored.error()));
        if (*stored == Sequence{0}) return done(std::unexpected(no_such_auction(auction)));
        done(std::move(told));
      });
    }
    if (reply->is_error()) return done(std::unexpected(error_of(*reply, auction, {})));
    const auto words = reply->elements();
    if (words.empty()) return done(not_understood("rejections", *reply));
    told.since = std::max(told.since, Timestamp{static_cast<std::int64_t>(number_of(words[0]))});
    for (std::size_t k = 1; k + 2 < words.size(); k += 3) {
      const Bid bid{BidderId::from(words[k].text()).value_or(BidderId{}),
                    Amount{static_cast<std::int64_t>(number_of(words[k + 1]))}};
      auto answer = read_bid_reply(words[k + 2].text(), auction, bid);
      if (!answer) return done(std::unexpected(answer.error()));
      told.answers.push_back(*answer);
    }
    keep_latest(told);
    done(std::move(told));
  });
}

// Adds what Redis has behind `page`. A call looks at a bounded number of events: bids may be further on.
void Node::events(const EventsQuery& query, EventsPage page, EventsDone done) {
  const unsigned shard = shard_of(query.auction);
  auto command = redis::function_call(names_.events, meta_keys_[shard], 4, true);
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

}  // namespace flashbid
