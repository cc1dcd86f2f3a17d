// /v1/auctions/{id}/explain: one auction's history with who, when and why. Asks the engine four things, one after
// another, on the session's loop; each is durable when it is told, and the events are asked for last but one: what was
// refused on a later state than theirs is told with the next page.
#include <algorithm>
#include <string>
#include <utility>

#include "ledger/event_codec.hpp"
#include "server/loop_server.hpp"
#include "server/routes.hpp"
#include "wire/decode.hpp"
#include "wire/explanation.hpp"

namespace flashbid::routes {
namespace {

// The engine's longest page, less the events around those that are explained.
constexpr std::size_t most_explained = 1000 - events_of_context - 1;

struct Explaining {
  Explaining(PageQuery asked, BidderNames shown_names, Reply owed)
      : query(asked), names(shown_names), reply(std::move(owed)) {}

  PageQuery query;
  BidderNames names;
  Reply reply;
  ExplainedPage page;

  [[nodiscard]] Engine& engine() const { return reply.server().engine(); }
  void refuse(const Error& error) {
    if (error.failure == Failure::not_found) {
      return reply.refuse({ErrorCode::not_found, "there is no such auction"});
    }
    reply.fail(error);
  }
};
using Shared = std::shared_ptr<Explaining>;

// Those that rest on a state of this page; with the last page also on the newest.
void take_rejections(Explaining& explaining, Rejections&& told, bool is_last_page) {
  ExplainedPage& page = explaining.page;
  page.rejections_since = told.since;
  for (BidAnswer& rejection : told.answers) {
    const Sequence on = rejection.as_of_sequence;
    if (on >= explaining.query.after && (is_last_page ? on <= page.last : on < page.last)) {
      page.rejections.push_back(std::move(rejection));
    }
  }
}

void ask_rejections(const Shared& explaining, bool is_last_page) {
  explaining->engine().rejections(explaining->page.auction, [explaining, is_last_page](Result<Rejections> told) {
    if (!told) return explaining->refuse(told.error());
    take_rejections(*explaining, std::move(*told), is_last_page);
    std::string& body = explaining->reply.server().scratch();
    encode_explained(explaining->page, explaining->names, body);
    explaining->reply.json(body);
  });
}

Result<std::vector<Event>> decoded(const EventsPage& page) {
  std::vector<Event> events;
  for (const SharedBytes& json : page.events) {
    Result<DecodedEvent> one = decode_event(*json, {});
    if (!one) return std::unexpected(std::move(one.error()));
    events.push_back(std::move(one->event));
  }
  return events;
}

void ask_events(const Shared& explaining) {
  const Sequence after = explaining->query.after;
  const std::size_t limit = std::min(explaining->query.limit, most_explained);
  const Sequence from{after.value() - std::min(after.value(), events_of_context)};
  explaining->engine().events({explaining->page.auction, from, limit + events_of_context + 1, false},
                              [explaining, after, limit](Result<EventsPage> told) {
                                if (!told) return explaining->refuse(told.error());
                                const auto events = decoded(*told);
                                if (!events) return explaining->refuse(events.error());
                                ExplainedPage& page = explaining->page;
                                page.events = explain(page.terms, *events, after, limit);
                                page.last = page.events.empty() ? after : page.events.back().event.sequence;
                                ask_rejections(explaining, page.last >= told->newest);
                              });
}

void ask_actions(const Shared& explaining) {
  explaining->engine().actions(explaining->page.auction, [explaining](Result<std::vector<OperatorAction>> actions) {
    if (!actions) return explaining->refuse(actions.error());
    explaining->page.actions = std::move(*actions);
    ask_events(explaining);
  });
}

}  // namespace

void explain_auction(AuctionId auction, const Asker& asker, const HttpRequest& request, Reply reply) {
  LoopServer& server = reply.server();
  if (const auto refused = server.access().may_operate(asker.caller)) return reply.refuse(*refused);
  const auto query = decode_page_query(request.query);
  if (!query) return reply.refuse(query.error());
  auto explaining = std::make_shared<Explaining>(*query, server.access().bidders_for(asker.caller), std::move(reply));
  explaining->page.auction = auction;
  server.engine().read(auction, [explaining](Result<AuctionView> view) {
    if (!view) return explaining->refuse(view.error());
    explaining->page.terms = view->auction.terms;
    ask_actions(explaining);
  });
}

}  // namespace flashbid::routes
