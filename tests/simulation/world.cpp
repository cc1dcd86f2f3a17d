#include "simulation/world.hpp"

#include <csignal>
#include <cstdio>
#include <memory>

#include "simulation/reading.hpp"
#include "simulation/requests.hpp"
#include "simulation/stage.hpp"
#include "simulation/watching.hpp"
#include "support/command_generator.hpp"

namespace flashbid::simulation {
namespace {

using support::CommandGenerator;
using support::Random;

class World {
 public:
  explicit World(const Plan& plan) : plan_(plan), stage_(plan) {
    for (std::size_t i = 0; i < plan.watchers; ++i) watchers_.push_back(std::make_unique<Watching>(stage_, i));
  }

  [[nodiscard]] const Story& story() const { return stage_.story; }

  Outcome run() {
    start();
    for (bool more = true; more && !violated();) {
      try {
        more = play_next();
      } catch (const Crash&) {
        restart();
      }
    }
    end();
    const Story& story = stage_.story;
    return {story.violation(), story.lines(), story.hash(), story.reached()};
  }

 private:
  [[nodiscard]] bool violated() const { return stage_.story.is_violated(); }
  EmbeddedEngine& engine() { return *stage_.engine; }
  void pass(Duration time) {
    stage_.machine.pass(time);
    stage_.story.set_time(stage_.machine.passed_ms);
  }

  // A process, from its first moment to its last.
  void start();
  void restart();
  void stop(Random& random);
  void finish();
  void drop();

  // The plan, a step at a time; false if there is none left.
  bool play_next();
  void perform(const Step& step, Random& random);
  void perform_outside(const Step& step, Random& random);
  void pass_to_boundary(const Step& step, Random& random);
  // Others go on while the disk writes.
  void while_disk_is_busy();

  // The process's own work.
  enum class Turn : std::uint8_t { loop, timer, committer, history };
  bool work_once(Random& random);
  void take_turn(Turn turn, std::size_t k);
  void tick(std::size_t k);
  void run_committer();
  // Until nothing is left to do.
  void settle();

  // After the last step: everything heals, everything ends, everything is there.
  void end();
  void heal();
  void end_all_auctions();
  void move_all();
  void everybody_leaves();
  void judge_what_was_told();

  const Plan& plan_;
  Stage stage_;
  Requests requests_{stage_};
  Reading reading_{stage_};
  std::vector<std::unique_ptr<Watching>> watchers_;

  std::size_t next_step_ = 0;
  Random disk_chance_{0};  // of the step that plays
  int slow_writes_ = 0;
  bool committing_ = false;  // it is under way already
  bool stopping_ = false;    // nobody is let in any more
  std::int64_t committer_due_ms_ = 0;
  std::vector<Timestamp> ticks_due_;
};

void World::start() {
  ++stage_.life;
  stage_.clock = std::make_unique<SimulatedClock>(stage_.machine);
  stage_.ledger = stage_.disk.open(*stage_.clock, [this] { while_disk_is_busy(); });
  EmbeddedOptions options;
  options.ledger = stage_.ledger.get();
  options.clock = stage_.clock.get();
  for (SimulatedLoop& loop : stage_.loops) options.loops.push_back(&loop);
  options.committer.move_slice = plan_.move_slice;
  options.committer.max_unmoved = plan_.max_unmoved;
  options.committer.busy_move_slice = plan_.move_slice * 2;
  options.committer.idle_before_moving = plan_.idle_before_moving;
  options.own_threads = false;
  auto started = EmbeddedEngine::start(options);
  if (!started && stage_.disk.has_refused) {
    stage_.story.tell("engine    does not start: " + started.error().detail);
    stage_.story.reached("start refused");
    return start();
  }
  if (!started) return stage_.story.violated("INV-1: the ledger cannot be recovered: " + started.error().detail);
  stage_.engine = std::move(*started);
  stage_.story.tell(fmt::format("engine    starts, life {}, epoch {}", stage_.life, stage_.disk.epoch.value()));
  stage_.story.expect(stage_.now() >= stage_.truth.last_at(), "INV-7: the clock is behind what the ledger holds");
  ticks_due_.assign(plan_.loops, Timestamp{0});
  committer_due_ms_ = stage_.machine.passed_ms;
  committing_ = false;
  if (stage_.life > 1 && stage_.disk.faults.reads_fail == 0) reading_.read_all();
}

void World::drop() {
  for (SimulatedLoop& loop : stage_.loops) loop.drop_all();
  stage_.engine.reset();
  stage_.ledger.reset();
  requests_.lose_all();
  reading_.lose_all();
  for (const auto& watcher : watchers_) watcher->lose();
}

void World::restart() {
  stage_.story.tell("process   dies");
  stopping_ = false;
  stage_.story.reached("crash");
  drop();
  stage_.recording.restarted();
  stage_.disk.faults.sync_fails = false;
  slow_writes_ = 0;
  // As after a run on a ledger that was not synced: what watchers have seen need not be what goes on.
  if (disk_chance_.percent(15)) stage_.disk.epoch = stage_.disk.epoch.next();
  start();
}

// As the server does: nobody is let in any more, those who wait are answered for as long as it has patience, the loops
// end, and the engine commits and moves what is left. A kill may come in the middle of it.
void World::stop(Random& random) {
  stage_.story.tell("process   is asked to stop");
  stopping_ = true;
  const bool patient = random.percent(50);
  if (patient) {
    settle();
    requests_.expect_all_answered();
    reading_.expect_all_answered();
  } else {
    for (auto turns = random.below(3); turns > 0 && work_once(random); --turns) {
    }
    // The last that came in, and the loops' last round.
    for (auto bids = random.between(2, 8); bids > 0; --bids) {
      requests_.bid({.auction = static_cast<std::uint32_t>(random.below(std::ssize(stage_.ids)))}, random);
    }
  }
  if (violated()) return;
  if (!patient && random.percent(20)) throw Crash{random.percent(50)};
  // The loops have ended, after their last round: what was decided is with the committer.
  for (SimulatedLoop& loop : stage_.loops) {
    while (loop.has_tasks() && random.percent(95)) loop.run_one();
    loop.drop_all();
  }
  finish();
  stage_.story.tell(patient ? "process   has stopped" : "process   has stopped, its patience at an end");
  stage_.story.reached(patient ? "stopped" : "stopped out of patience");
  drop();
  stage_.disk.faults.sync_fails = false;
  slow_writes_ = 0;
  stopping_ = false;
  start();
}

void World::finish() {
  const bool had_batches = engine().committer().batch_waits();
  const std::uint64_t before = stage_.truth.records();
  engine().committer().finish();
  const bool had_faults = stage_.disk.has_refused || stage_.disk.has_sync_failed;
  stage_.story.expect(had_faults || !had_batches || stage_.truth.records() > before,
                      "INV-1: a stop leaves what was submitted uncommitted");
  stage_.story.expect(had_faults || stage_.ledger->writer().unmoved() == 0, "INV-9: a stop leaves the journal unmoved");
  if (had_batches) stage_.story.reached("stopped with batches in flight");
}

bool World::play_next() {
  if (next_step_ == plan_.steps.size() || violated()) return false;
  const Step& step = plan_.steps[next_step_++];
  Random random(step.dice);
  disk_chance_ = Random(step.dice + 1);
  stopping_ = false;
  pass(Duration{random.below(3)});
  perform(step, random);
  for (auto turns = random.below(8); turns > 0 && !violated(); --turns) {
    if (!work_once(random)) break;
  }
  // After a failed sync the process ends; it takes a moment.
  if (stage_.disk.has_sync_failed && random.percent(30)) throw Crash{};
  return true;
}

void World::perform(const Step& step, Random& random) {
  Watching* watcher = watchers_.empty() ? nullptr : watchers_[step.actor % watchers_.size()].get();
  switch (step.kind) {
    case StepKind::bid:
      return requests_.bid(step, random);
    case StepKind::retry:
      return requests_.retry(step, random);
    case StepKind::reuse_key:
      return requests_.reuse_key(step, random);
    case StepKind::create:
      return requests_.create(step, random);
    case StepKind::cancel:
      return requests_.cancel(step, random);
    case StepKind::read:
      return reading_.read(step);
    case StepKind::page:
      return reading_.page(step, random);
    case StepKind::list:
      return reading_.list(step, random);
    case StepKind::actions:
      return reading_.actions(step);
    case StepKind::watch:
      return watcher != nullptr ? watcher->watch(step, random) : void();
    case StepKind::leave:
      return watcher != nullptr ? watcher->leave() : void();
    case StepKind::stall:
      return watcher != nullptr ? watcher->stall() : void();
    case StepKind::drain:
      return watcher != nullptr ? watcher->drain() : void();
    default:
      return perform_outside(step, random);
  }
}

// Time and what breaks.
void World::perform_outside(const Step& step, Random& random) {
  Story& story = stage_.story;
  DiskFaults& faults = stage_.disk.faults;
  switch (step.kind) {
    case StepKind::pass_time:
      pass(Duration{random.percent(90) ? random.below(50) : random.below(2'000)});
      return;
    case StepKind::to_boundary:
      return pass_to_boundary(step, random);
    case StepKind::set_clock: {
      const std::int64_t by = random.percent(10) ? 11 * 60'000 : random.between(-3'000, 3'000);
      story.tell(fmt::format("machine   the clock is set by {} ms", by));
      story.reached(by < 0 ? "clock set back" : "clock set forwards");
      if (by < 0) stage_.recording.clock_set_back();
      stage_.machine.shown_ms += by;
      return;
    }
    case StepKind::timer:
      return tick(step.actor % plan_.loops);
    case StepKind::no_space:
      faults.no_space = static_cast<int>(random.between(1, 3));
      return story.tell("disk      is full for the next writes");
    case StepKind::sync_fails:
      faults.sync_fails = true;
      faults.keep_failed = random.percent(50);
      return story.tell("disk      will fail the next sync");
    case StepKind::reads_fail:
      faults.reads_fail = static_cast<int>(random.between(1, 3));
      return story.tell("disk      will fail the next reads");
    case StepKind::slow_disk:
      slow_writes_ = static_cast<int>(random.between(1, 3));
      return story.tell("disk      is slow for the next writes");
    case StepKind::crash:
      throw Crash{random.percent(50)};
    case StepKind::stop:
      // The committer's thread is waited for: not from within its own write.
      return committing_ ? void() : stop(random);
    default:
      return;
  }
}

void World::pass_to_boundary(const Step& step, Random& random) {
  const DurableAuction* auction = stage_.truth.auction(stage_.id_of(step.auction));
  if (auction == nullptr || auction->image.terms == nullptr) return;
  CommandGenerator generator(random.next());
  const Timestamp now = stage_.now();
  const Timestamp then = generator.moment(auction->image, now);
  if (then - now < Duration{60'000}) pass(then - now);
}

void World::while_disk_is_busy() {
  if (stopping_) return;
  std::int64_t steps = disk_chance_.below(3);
  if (slow_writes_ > 0) {
    --slow_writes_;
    steps = disk_chance_.between(4, 20);
  }
  while (steps-- > 0 && play_next()) {
  }
}

bool World::work_once(Random& random) {
  std::vector<std::pair<Turn, std::size_t>> ready;
  for (std::size_t k = 0; k < plan_.loops; ++k) {
    if (stage_.loops[k].has_tasks()) ready.emplace_back(Turn::loop, k);
    if (plan_.timers && ticks_due_[k] <= stage_.now()) ready.emplace_back(Turn::timer, k);
  }
  const bool due = engine().committer().batch_waits() || committer_due_ms_ <= stage_.machine.passed_ms;
  if (!committing_ && due) ready.emplace_back(Turn::committer, 0);
  if (engine().history().read_waits()) ready.emplace_back(Turn::history, 0);
  if (ready.empty()) return false;
  const auto [turn, k] = ready[static_cast<std::size_t>(random.below(std::ssize(ready)))];
  take_turn(turn, k);
  return true;
}

void World::take_turn(Turn turn, std::size_t k) {
  switch (turn) {
    case Turn::loop:
      return stage_.loops[k].run_one();
    case Turn::timer:
      return tick(k);
    case Turn::committer:
      return run_committer();
    case Turn::history:
      engine().history().turn();
  }
}

void World::tick(std::size_t k) {
  stage_.loops[k].run([&] { ticks_due_[k] = engine().tick(k); });
}

void World::run_committer() {
  committing_ = true;
  const Duration patience = engine().committer().turn();
  committing_ = false;
  committer_due_ms_ = stage_.machine.passed_ms + patience.ms;
}

void World::settle() {
  constexpr int most_turns = 100'000;
  Random random(plan_.seed);
  for (int turns = 0; !violated(); ++turns) {
    bool idle = !engine().committer().batch_waits() && !engine().history().read_waits();
    for (const SimulatedLoop& loop : stage_.loops) idle = idle && !loop.has_tasks();
    if (idle) return;
    if (turns == most_turns) return stage_.story.violated("INV-11: the engine never comes to rest");
    work_once(random);
  }
}

void World::heal() {
  stage_.disk.faults = {};
  slow_writes_ = 0;
  if (stage_.disk.has_sync_failed) restart();
}

void World::end() {
  if (violated()) return;
  stage_.story.tell("end       everything heals");
  heal();
  settle();
  requests_.expect_all_answered();
  reading_.expect_all_answered();
  end_all_auctions();
  for (const auto& watcher : watchers_) watcher->expect_complete();
  if (violated()) return;
  reading_.read_all();
  settle();
  if (violated()) return;
  move_all();
  reading_.read_all();
  settle();
  everybody_leaves();
  if (violated()) return;
  restart();
  requests_.retry_all();
  settle();
  requests_.expect_all_answered();
  requests_.expect_all_asked_for();
  if (!violated()) judge_what_was_told();
  if (!violated()) drop();
}

// The product's own checker, on what a client would have written down: it sees less than the truth, and must agree.
void World::judge_what_was_told() {
  const checker::Report report = stage_.recording.judge(stage_.truth);
  if (report.clean()) return;
  const checker::Violation& first = report.findings.kept().front();
  stage_.story.violated(
      fmt::format("checker, {} (auction {}): {}", to_text(first.rule), first.auction.value(), first.sentence));
}

// Whatever has an end within reach comes to it, by timers alone (INV-6).
void World::end_all_auctions() {
  const auto& auctions = stage_.truth.auctions();
  for (int round = 0; round < 40 && !violated(); ++round) {
    pass(Duration{2'000});
    for (std::size_t k = 0; k < plan_.loops; ++k) tick(k);
    settle();
  }
  for (const auto& [id, auction] : auctions) {
    const auto boundary = auction.image.next_boundary();
    if (boundary && *boundary <= stage_.now()) {
      stage_.story.violated(
          fmt::format("INV-6: auction {} is {} after its time", id.value(), to_text(auction.image.state)));
    }
  }
}

// Nothing is kept of a watcher that is gone.
void World::everybody_leaves() {
  for (const auto& watcher : watchers_) watcher->leave();
  settle();
  bool any = engine().on_loop(0).counters().watchers > 0;
  for (std::size_t k = 0; k < plan_.loops; ++k) any = any || engine().on_loop(k).hub().subscriptions() > 0;
  stage_.story.expect(!any, "INV-11: a watcher that has left is still counted");
}

void World::move_all() {
  for (int turns = 0; turns < 10'000 && stage_.ledger->writer().unmoved() > 0; ++turns) run_committer();
  stage_.story.expect(stage_.ledger->writer().unmoved() == 0, "INV-11: the journal is never moved into history");
  settle();
}

// An assertion, or a sanitizer, ends the whole process: its last words are the seed and how it came to that. The
// process stands in abort() then, on this thread: it may still print.
const Plan* plan_that_plays = nullptr;
const Story* story_that_plays = nullptr;

void say_last_words(int) {
  if (plan_that_plays == nullptr) return;
  constexpr std::size_t most_lines = 40;
  const auto& lines = story_that_plays->lines();
  fmt::print(stderr, "seed {} ends the process (again: script/simulate {}); it happened last:\n", plan_that_plays->seed,
             plan_that_plays->seed);
  for (std::size_t i = lines.size() > most_lines ? lines.size() - most_lines : 0; i < lines.size(); ++i) {
    fmt::print(stderr, "  {}\n", lines[i]);
  }
  std::fflush(stderr);
}

}  // namespace

Outcome play(const Plan& plan) {
  static const auto listens = std::signal(SIGABRT, say_last_words);
  (void)listens;
  World world(plan);
  plan_that_plays = &plan;
  story_that_plays = &world.story();
  Outcome outcome = world.run();
  plan_that_plays = nullptr;
  return outcome;
}

}  // namespace flashbid::simulation
