#include "client/frames.hpp"

#include "client/fields.hpp"
#include "client/reading.hpp"

namespace flashbid::client {
namespace {

Frame nothing() { return std::monostate{}; }

template <class Made>
Frame with_auction(Fields& fields) {
  const auto json = fields.member("auction");
  if (!fields.good()) return nothing();
  auto auction = read_auction(json);
  return auction ? Frame(Made{std::move(*auction)}) : nothing();
}

Frame state_of(Fields& fields, simdjson::dom::element json) {
  const std::uint64_t auction_id = fields.number("auction_id");
  auto standing = read_standing(json);
  return standing && fields.good() ? Frame(StateFrame{auction_id, std::move(*standing)}) : nothing();
}

Frame result_of(Fields& fields, simdjson::dom::element json) {
  std::string id(fields.text("id"));
  auto result = read_bid_result(json);
  return result && fields.good() ? Frame(BidResultFrame{std::move(id), std::move(*result)}) : nothing();
}

Frame time_of(Fields& fields) {
  std::string id(fields.text("id"));
  const Time server_time{Milliseconds(fields.time("server_time").ms)};
  return fields.good() ? Frame(TimeFrame{std::move(id), server_time}) : nothing();
}

Frame error_of(Fields& fields, simdjson::dom::element json) {
  ErrorFrame frame{.id = {}, .problem = read_problem(json)};
  if (fields.find("id")) frame.id = fields.text("id");
  if (fields.find("auction_id")) frame.auction_id = fields.number("auction_id");
  return fields.good() ? Frame(std::move(frame)) : nothing();
}

}  // namespace

Frame FrameReader::read(std::string_view text) {
  simdjson::dom::element json;
  if (parser_.parse(text.data(), text.size()).get(json) != simdjson::SUCCESS) return nothing();
  Fields fields(json);
  const std::string_view type = fields.text("type");
  if (type == "event") {
    auto event = read_event(json);
    return event ? Frame(EventFrame{std::move(*event)}) : nothing();
  }
  if (type == "snapshot") return with_auction<SnapshotFrame>(fields);
  if (type == "reset") return with_auction<ResetFrame>(fields);
  if (type == "state") return state_of(fields, json);
  if (type == "bid_result") return result_of(fields, json);
  if (type == "time") return time_of(fields);
  if (type == "error") return error_of(fields, json);
  return nothing();
}

}  // namespace flashbid::client
