// An engine of one auction that answers when it is told to: for tests of the server. Lives on its loop's thread, as the
// port says; tests reach it by ServedLoop::run_here().
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.hpp"
#include "support/auctions.hpp"

namespace flashbid::test {

class FakeEngine final : public Engine, private EventSource {
 public:
  static constexpr AuctionId the_auction{1};

  // Bids wait here until answer_bid(); with answer_at_once they are answered before submit() returns.
  struct WaitingBid {
    BidRequest request;
    BidDone done;
  };
  std::deque<WaitingBid> waiting;
  bool answer_at_once = true;
  std::optional<Error> failure;  // what every bid gets, if set
  std::size_t reads = 0;
  std::size_t bids = 0;
  std::size_t attached = 0;
  Timestamp time{2'000};
  std::string description;  // of the auction, to make its answer long

  FakeEngine() {
    Terms terms = support::plain_terms();
    auction_ = support::created(std::move(terms), Timestamp{1'000});
  }

  // Answers the waiting bid at `place`.
  void answer_bid(std::size_t place) {
    WaitingBid bid = std::move(waiting[place]);
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(place));
    answer(bid);
  }

  // `count` new events, one publication, as the engine does after a commit.
  void publish(std::size_t count) {
    Publication publication{the_auction, Epoch{1}, {}, nullptr};
    for (std::size_t i = 0; i < count; ++i) {
      auction_.sequence = auction_.sequence.next();
      const std::string number = std::to_string(auction_.sequence.value());
      publication.events.push_back(
          {auction_.sequence,
           std::make_shared<const std::string>(R"({"auction_id":1,"epoch":1,"sequence":)" + number + R"(,"padding":")" +
                                               std::string(padding, 'x') + "\"}"),
           {}});
    }
    publication.view = std::make_shared<const AuctionView>(view());
    hub_.publish(std::move(publication));
  }
  std::size_t padding = 0;

  void submit(const BidRequest& request, BidDone done) override {
    ++bids;
    WaitingBid bid{request, std::move(done)};
    if (answer_at_once) return answer(bid);
    waiting.push_back(std::move(bid));
  }
  void submit(CreateRequest request, AuctionDone done) override {
    told.push_back({Sequence{1}, "created", request.by, time});
    done(view());
  }
  void submit(CancelRequest request, AuctionDone done) override {
    told.push_back({auction_.sequence.next(), "cancelled", request.by, time});
    done(view());
  }
  std::vector<OperatorAction> told;  // of every command
  void read(AuctionId auction, AuctionDone done) override {
    ++reads;
    if (auction != the_auction) return done(fail(Failure::not_found, "no such auction"));
    done(view());
  }
  void list(const ListQuery&, ListDone done) override { done(AuctionPage{{view()}, false}); }
  void events(const EventsQuery& query, EventsDone done) override {
    done(EventsPage{{}, query.after, auction_.sequence});
  }

  void actions(AuctionId auction, ActionsDone done) override {
    if (auction != the_auction) return done(fail(Failure::not_found, "no such auction"));
    done(told);
  }
  Rejections refused;
  void rejections(AuctionId, RejectionsDone done) override { done(refused); }

  [[nodiscard]] Hub& hub() override { return hub_; }
  [[nodiscard]] Timestamp now() override { return time; }
  [[nodiscard]] Health health() const override { return {true, {}, {"the moon is full"}}; }
  [[nodiscard]] EngineCounters counters() const override { return {}; }

 private:
  [[nodiscard]] AuctionView view() const {
    AuctionView shown{auction_, Epoch{1}, 0};
    if (!description.empty()) {
      Terms terms = *auction_.terms;
      terms.description = description;
      shown.auction.terms = std::make_shared<const Terms>(std::move(terms));
    }
    return shown;
  }

  void answer(WaitingBid& bid) const {
    if (failure) return bid.done(std::unexpected(*failure));
    BidAnswer answer;
    answer.auction = bid.request.auction;
    answer.reason = Reason::amount_below_minimum;
    answer.bidder = bid.request.bid.bidder;
    answer.amount = bid.request.bid.amount;
    answer.as_of_sequence = auction_.sequence;
    bid.done(answer);
  }

  void attach(AuctionId auction, std::optional<ResumePoint>, AttachDone done) override {
    if (auction != the_auction) return done(fail(Failure::not_found, "no such auction"));
    ++attached;
    done(Attached{Snapshot{std::make_shared<const AuctionView>(view()), false}});
  }
  void detach(AuctionId) override { --attached; }

  Auction auction_;
  Hub hub_{*this};
};

}  // namespace flashbid::test
