#include "fault/scenario.hpp"

#include "fault/house.hpp"

namespace flashbid::fault {
namespace {

using support::Random;

constexpr Duration day_and_an_hour{25 * 3'600'000};

void morning(House& house, Random& random) {
  house.create(1, lot(house.now()), "c1");
  house.create(2, lot(house.now(), Duration{1'000}), "");
  house.settle();
  house.bid(1, "Alice", 10'000, "k1");
  house.bid(1, "Bob", 9'000, "k2");  // below the minimum
  house.bid(1, "Bob", 10'100 + 100 * random.below(9), "");
  house.bid(1, "Eve", 10'100, "");  // quotes a price that is in flight
  house.settle();
  house.bid(1, "Bob", 9'000, "k3");
  house.settle();
  house.idle();
}

void soft_close(House& house, Random& random) {
  house.pass(Duration{1'000});
  house.bid(2, "Alice", 10'000, "k4");
  house.settle();
  if (random.percent(50)) house.idle();
  house.pass(Duration{52'000});
  house.bid(1, "Alice", 12'000, "k5");
  house.bid(1, "Alice", 10'000, "k1");  // asked again
  house.settle();
  house.move_all();  // a checkpoint falls into it; the log begins anew with the next bid
}

void noon(House& house, Random& random) {
  house.bid(2, "Bob", 10'000 + 100 * random.between(1, 5), "k6");
  house.bid(1, "Eve", 13'000, "k7");
  house.settle();
  if (random.percent(50)) house.idle();
  house.die();
}

void afternoon(House& house, Random& random) {
  house.bid(1, "Bob", 14'000, "");
  house.settle();
  house.pass(Duration{30'000});  // 1 closes
  house.bid(1, "Eve", 15'000, "k8");
  house.settle();
  house.create(3, lot(house.now()), "c3");
  house.settle();
  house.cancel(3, "x3");
  house.settle();
  if (random.percent(50)) house.move_all();
  house.stop();
}

void evening(House& house, Random& random) {
  house.pass(Duration{60'000});  // 2 closes
  house.move_all();
  house.pass(day_and_an_hour);
  house.idle();  // forgets what was answered
  house.create(0, lot(house.now()), "c4");
  house.settle();
  house.bid(4, "Alice", 10'000 + random.below(500), "k9");
  house.bid(4, "Bob", 9'999, "k10");
  house.settle();
  house.idle();
  house.stop();
}

}  // namespace

Terms lot(Timestamp now, Duration in) {
  Terms terms;
  terms.title = "a vase";
  terms.description = std::string(1'500, 'x');  // a page holds two of them
  terms.opening_price = Amount{10'000};
  terms.increment = Increment::fixed(Amount{100}).value();
  terms.reserve = Amount{11'000};
  terms.opens_at = now + in;
  terms.closes_at = terms.opens_at + Duration{60'000};
  terms.soft_close = SoftClose{Duration{10'000}, Duration{10'000}, SoftClose::Mode::from_bid, std::nullopt};
  return terms;
}

void play(House& house, std::uint64_t seed) {
  Random random(seed);
  for (const auto& part : {morning, soft_close, noon, afternoon, evening}) {
    if (house.start_if_needed()) part(house, random);
  }
  if (house.runs()) house.stop();
}

Recording record(std::uint64_t seed, std::optional<Fault> fault) {
  Recording recording;
  RecordedDisk disk(std::nullopt, [&] { return recording.told.promise(recording.machine.shown_ms); });
  disk.set_fault(std::move(fault));
  {
    House house(disk, recording.told, recording.machine);
    play(house, seed);
    recording.errors = house.errors();
    recording.violation = house.violation();
  }
  recording.fault_came = disk.has_failed();
  recording.calls = disk.calls();
  return recording;
}

}  // namespace flashbid::fault
