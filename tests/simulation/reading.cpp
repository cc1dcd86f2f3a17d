#include "simulation/reading.hpp"

#include "ledger/event_codec.hpp"

namespace flashbid::simulation {
namespace {

using support::Random;

template <class T>
const Error* error_of(const Result<T>& result) {
  return result ? nullptr : &result.error();
}

}  // namespace

bool Reading::is_answered(std::string_view what, AuctionId id, Sequence told, const Error* error) {
  --waiting_;
  stage_.story.tell(fmt::format("reader    {} of auction {}: {}", what, id.value(),
                                error == nullptr ? "told" : "refused: " + error->detail));
  if (error == nullptr) return true;
  if (error->failure == Failure::not_found) {
    const bool durable = told > Sequence{0};
    stage_.story.expect(!durable, "INV-1: a reader is told that a durable auction is not there");
  } else {
    stage_.expect_reason("a reader", *error);
  }
  return false;
}

void Reading::read(const Step& step) { read(stage_.id_of(step.auction), step.actor % stage_.loops.size()); }

void Reading::read(AuctionId id, std::size_t loop) {
  const Sequence told = stage_.told_of(id);
  const std::int64_t asked_ns = stage_.recording.now_ns();
  ++waiting_;
  stage_.at_loop(loop, [&](Engine& engine) {
    engine.read(id, [this, id, told, asked_ns](const Result<AuctionView>& view) {
      if (!is_answered("the state", id, told, error_of(view))) return;
      stage_.recording.shown(*view, asked_ns);
      stage_.story.expect(view->auction.sequence >= told, "INV-5: a reader is told an older state than others were");
      stage_.expect_view("a reader", *view);
    });
  });
}

void Reading::page(const Step& step, Random& random) {
  EventsQuery query;
  query.auction = stage_.id_of(step.auction);
  const auto newest = static_cast<std::int64_t>(stage_.truth.newest(query.auction).value());
  query.after = Sequence{static_cast<std::uint64_t>(random.below(newest + 2))};
  query.limit = static_cast<std::size_t>(random.one_of({1, 5, 100}));
  query.bids_only = random.percent(25);
  page(query, step.actor % stage_.loops.size());
}

void Reading::page(const EventsQuery& query, std::size_t loop) {
  const Sequence told = stage_.told_of(query.auction);
  ++waiting_;
  stage_.at_loop(loop, [&](Engine& engine) {
    engine.events(query, [this, query, told](const Result<EventsPage>& page) { on_page(query, told, page); });
  });
}

void Reading::on_page(const EventsQuery& query, Sequence told, const Result<EventsPage>& page) {
  if (!is_answered("a page", query.auction, told, error_of(page))) return;
  if (page->newest > stage_.truth.newest(query.auction)) {
    return stage_.story.violated("INV-3: a page tells of an event that is not durable");
  }
  stage_.story.expect(page->newest >= told, "INV-5: a page is older than what others were told");
  std::vector<std::string> wanted;
  Sequence last = query.after;
  for (Sequence at = query.after.next(); at <= page->newest && wanted.size() < query.limit; at = at.next()) {
    const DurableAuction::Fact* fact = stage_.truth.fact(query.auction, at);
    if (query.bids_only && !std::holds_alternative<BidAccepted>(fact->event.body)) continue;
    wanted.push_back(*fact->record.payload);
    last = at;
  }
  const auto same = [](const SharedBytes& told_json, const std::string& json) { return *told_json == json; };
  if (!std::ranges::equal(page->events, wanted, same) || page->last != last) {
    stage_.story.violated(
        fmt::format("INV-3: a page of auction {} after event {} up to {} is not what the ledger holds",
                    query.auction.value(), query.after.value(), page->newest.value()));
  }
}

void Reading::list(const Step& step, Random& random) {
  ListQuery query;
  query.limit = static_cast<std::size_t>(random.one_of({1, 2, 100}));
  if (random.percent(50)) {
    query.state =
        random.one_of({AuctionState::scheduled, AuctionState::open, AuctionState::closed, AuctionState::cancelled});
  }
  std::vector<AuctionId> there;
  for (const auto& [id, auction] : stage_.truth.auctions()) {
    if (stage_.told_of(id) > Sequence{0}) there.push_back(id);
  }
  ++waiting_;
  stage_.at_loop(step.actor % stage_.loops.size(), [&](Engine& engine) {
    engine.list(query, [this, query, there](const Result<AuctionPage>& page) { on_list(query, there, page); });
  });
}

void Reading::on_list(const ListQuery& query, const std::vector<AuctionId>& there, const Result<AuctionPage>& page) {
  if (!is_answered("the list", AuctionId{0}, Sequence{0}, error_of(page))) return;
  stage_.story.expect(page->auctions.size() <= query.limit, "INV-11: a list is longer than was asked for");
  AuctionId last{0};
  for (const AuctionView& view : page->auctions) {
    stage_.story.expect(view.auction.id > last, "a list is not by rising id");
    last = view.auction.id;
    stage_.story.expect(!query.state || view.auction.state == *query.state, "a list has auctions of another state");
    stage_.expect_view("a list", view);
    stage_.recording.shown(view, 0);
  }
  if (query.state || page->more) return;
  for (const AuctionId id : there) {
    const auto is_it = [&](const AuctionView& view) { return view.auction.id == id; };
    stage_.story.expect(std::ranges::any_of(page->auctions, is_it), "INV-5: a list lacks an auction that was there");
  }
}

void Reading::actions(const Step& step) {
  const AuctionId id = stage_.id_of(step.auction);
  const Sequence told = stage_.told_of(id);
  ++waiting_;
  stage_.at_loop(step.actor % stage_.loops.size(), [&](Engine& engine) {
    engine.actions(
        id, [this, id, told](const Result<std::vector<OperatorAction>>& actions) { on_actions(id, told, actions); });
  });
}

void Reading::on_actions(AuctionId id, Sequence told, const Result<std::vector<OperatorAction>>& actions) {
  if (!is_answered("the operators' actions", id, told, error_of(actions))) return;
  std::vector<OperatorAction> durable;
  for (const auto& [record, event] : stage_.truth.auction(id)->facts) {
    if (!is_action(event.body)) continue;
    const auto secret = decode_secret(record.secret);
    durable.push_back({event.sequence, name_of(event.body), secret->by, event.at});
  }
  const auto known = std::ranges::count_if(durable, [&](const OperatorAction& one) { return one.sequence <= told; });
  const bool whole = std::ssize(*actions) >= known && actions->size() <= durable.size() &&
                     std::equal(actions->begin(), actions->end(), durable.begin());
  stage_.story.expect(whole, "INV-3: the operators' actions are not those that the ledger holds");
}

void Reading::read_all() {
  for (const auto& [id, auction] : stage_.truth.auctions()) {
    const Sequence newest{auction.facts.size()};
    const std::size_t home = id.value() % stage_.loops.size();
    stage_.tell_of(id, newest);
    read(id, home);
    page({id, Sequence{0}, 1'000, false}, home);
  }
}

void Reading::expect_all_answered() { stage_.story.expect(waiting_ == 0, "INV-11: a reader is never answered"); }

}  // namespace flashbid::simulation
