// Those who only read: an auction, a page of its events, the list, what operators did. Whether what they are told is
// durable, whole and not older than what anybody was told before they asked (INV-3, 5). One thread.
#pragma once

#include "simulation/stage.hpp"
#include "support/random.hpp"

namespace flashbid::simulation {

class Reading {
 public:
  explicit Reading(Stage& stage) : stage_(stage) {}

  void read(const Step& step);
  void page(const Step& step, support::Random& random);
  void list(const Step& step, support::Random& random);
  void actions(const Step& step);
  // Every auction as it should be after all that was durable: state and every event (INV-1). At once, on its own loop.
  void read_all();

  void lose_all() { waiting_ = 0; }
  void expect_all_answered();

 private:
  void read(AuctionId id, std::size_t loop);
  void page(const EventsQuery& query, std::size_t loop);
  void on_page(const EventsQuery& query, Sequence told, const Result<EventsPage>& page);
  void on_list(const ListQuery& query, const std::vector<AuctionId>& there, const Result<AuctionPage>& page);
  void on_actions(AuctionId id, Sequence told, const Result<std::vector<OperatorAction>>& actions);
  // Whether there is something to look at.
  bool is_answered(std::string_view what, AuctionId id, Sequence told, const Error* error);

  Stage& stage_;
  std::size_t waiting_ = 0;
};

}  // namespace flashbid::simulation
