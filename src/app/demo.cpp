#include "app/demo.hpp"

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace flashbid {
namespace {

constexpr std::uint64_t first_id = 1001;
constexpr Duration minute{60'000};
constexpr Duration day{86'400'000};

Duration times(Duration unit, std::int64_t n) { return {unit.ms * n}; }

Currency currency(std::string_view code) {
  const auto known = Currency::parse(code);
  require(known.has_value(), "the demo's currencies are ISO 4217's");
  return *known;
}

Increment preset(IncrementPreset name, const Currency& of) {
  const auto made = Increment::preset(name, of);
  require(made.has_value(), "the demo's presets come out whole");
  return *made;
}

Terms terms(std::string title, std::string description, std::string_view code, std::int64_t opening_price,
            Timestamp now, Duration open_for) {
  Terms made;
  made.title = std::move(title);
  made.description = std::move(description);
  made.currency = currency(code);
  made.opening_price = Amount{opening_price};
  made.opens_at = now;
  made.closes_at = now + open_for;
  return made;
}

std::vector<Terms> demo_terms(Timestamp now) {
  std::vector<Terms> all;
  Terms bowl = terms("Celadon bowl, Longquan / 龙泉青瓷碗",
                     "Soft close as in judicial auctions: a late bid moves the end to "
                     "bid time + 5 minutes.",
                     "CNY", 10'000, now, day);
  bowl.increment = Increment::fixed(Amount{500}).value();
  bowl.reserve = Amount{50'000};
  bowl.soft_close = SoftClose{times(minute, 5), times(minute, 5), SoftClose::Mode::from_bid, std::nullopt};
  all.push_back(std::move(bowl));

  Terms camera = terms("Rangefinder camera, 1957", "Steps of eBay's US table.", "USD", 99, now, times(day, 3));
  camera.increment = preset(IncrementPreset::ebay_us, camera.currency);
  all.push_back(std::move(camera));

  Terms print =
      terms("Woodblock print / 浮世絵", "Yahoo! Auctions Japan: steps in yen, a late bid moves the end by 5 minutes.",
            "JPY", 1'000, now, times(day, 2));
  print.increment = preset(IncrementPreset::yahoo_jp, print.currency);
  print.soft_close = SoftClose{times(minute, 5), times(minute, 5), SoftClose::Mode::from_close, std::nullopt};
  all.push_back(std::move(print));

  Terms cards = terms("Booster box, sealed", "A live-show sale: short, and the leader cannot outbid itself.", "USD",
                      100, now, times(minute, 30));
  cards.increment = preset(IncrementPreset::whatnot, cards.currency);
  cards.soft_close = SoftClose{{10'000}, {10'000}, SoftClose::Mode::from_bid, 30};
  cards.self_outbid = false;
  all.push_back(std::move(cards));

  Terms tea = terms("Pu'er tea cake, 1999 / 普洱茶饼", "Opens in five minutes; the seller may not bid.", "CNY", 20'000,
                    now, day);
  tea.opens_at = now + times(minute, 5);
  tea.increment = Increment::fixed(Amount{1'000}).value();
  tea.seller = parse_bidder_id("Chen").value();
  all.push_back(std::move(tea));
  return all;
}

}  // namespace

Result<void> add_demo_auctions(Loop& loop, Engine& engine) {
  const std::vector<Terms> all = demo_terms(engine.now());
  std::uint64_t id = first_id;
  for (const Terms& each : all) {
    auto answered = std::make_shared<std::promise<Result<void>>>();
    std::future<Result<void>> answer = answered->get_future();
    loop.post([&engine, answered, id, wanted = std::make_shared<const Terms>(each)]() mutable {
      engine.submit(CreateRequest{std::move(wanted), AuctionId{id}, std::nullopt},
                    [answered](Result<AuctionView> made) {
                      const bool there = made || made.error().failure == Failure::conflict;
                      answered->set_value(there ? Result<void>{} : std::unexpected(made.error()));
                    });
    });
    if (Result<void> done = answer.get(); !done) return done;
    ++id;
  }
  return {};
}

}  // namespace flashbid
