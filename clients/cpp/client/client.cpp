#include "flashbid/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <tuple>

#include "base/ids.hpp"
#include "client/fields.hpp"
#include "client/http_calls.hpp"
#include "client/reading.hpp"
#include "client/server_clock.hpp"
#include "client/stream_bids.hpp"
#include "client/watching.hpp"

namespace flashbid::client {
namespace {

std::unexpected<Problem> refused(std::string code, std::string detail) {
  return std::unexpected(Problem{.code = std::move(code), .detail = std::move(detail)});
}

std::unexpected<Problem> unusable_key() {
  return refused("invalid_value", "an idempotency key is 1 to 64 visible ASCII characters");
}

std::unexpected<Problem> unsayable() {
  return refused("invalid_value", "a token or a name is visible ASCII, and not empty");
}

bool is_visible(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

// As a header can carry it.
bool is_sayable(const Who& who) {
  if (const auto* token = std::get_if<Token>(&who)) return is_visible(token->text);
  const auto* dev = std::get_if<DevName>(&who);
  return dev == nullptr || is_visible(dev->name);
}

Time wall_now() { return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()); }

Chance chance() {
  return [random = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(random);
  };
}

// What `read` makes of a body.
template <class T, class Read>
Result<T> parsed(const Result<std::string>& body, Read read) {
  if (!body) return std::unexpected(body.error());
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (parser.parse(*body).get(json) != simdjson::SUCCESS) return std::unexpected(malformed("it is not JSON"));
  return read(json);
}

// The members of a page's list.
template <class Item, class Read>
Result<std::vector<Item>> items_of(simdjson::dom::element json, const char* name, Read read) {
  simdjson::dom::array lines;
  if (json[name].get(lines) != simdjson::SUCCESS)
    return std::unexpected(malformed(fmt::format("{} is missing or not a list", name)));
  std::vector<Item> items;
  items.reserve(lines.size());
  for (const simdjson::dom::element line : lines) {
    auto item = read(line);
    if (!item) return std::unexpected(item.error());
    items.push_back(std::move(*item));
  }
  return items;
}

std::string path_of(std::uint64_t auction_id, std::string_view rest = {}) {
  return fmt::format("/v1/auctions/{}{}", auction_id, rest);
}

}  // namespace

std::string new_key() {
  std::random_device random;
  std::string key;
  for (int i = 0; i < 4; ++i) key += fmt::format("{:08x}", random());
  return key;
}

// Everything but the atomic and what a mutex guards is touched by the one thread that runs io_; post() and wait() go
// there. When the client ends, that thread stops first; what it was waiting for is dropped with io_.
struct Client::Inside final : StreamEvents {
  Inside(const Options& options, std::vector<Url> urls)
      : patience(options.patience),
        bids_over(options.bids_over),
        servers_(io_, std::move(urls)),
        calls_(io_, deadlines_, servers_, chance()),
        stream_(io_, deadlines_, servers_, options.who, chance(), *this),
        bids_(io_, stream_, chance()),
        who_header_(header_of(options.who)) {
    deadlines_.start();
    thread_ = std::thread([this] { io_.run(); });
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() override {
    io_.stop();
    thread_.join();
    for (const auto& [id, watching] : watched_) {
      watching->mailbox()->finish({.code = "ended", .detail = "the client has ended"});
    }
  }

  template <class Work>
  void post(Work work) {
    boost::asio::post(io_, std::move(work));
  }

  // What the coroutine that `start` makes comes to; it is made and run on the client's thread.
  template <class T>
  T wait(std::move_only_function<Awaitable<T>()> start) {
    std::promise<T> told;
    auto answer = told.get_future();
    auto run = [told = std::move(told), start = std::move(start)]() mutable -> Awaitable<void> {
      told.set_value(co_await start());
    };
    boost::asio::co_spawn(io_, std::move(run), boost::asio::detached);
    return answer.get();
  }

  Result<std::string> get(std::string target) {
    return wait<Result<std::string>>([&] { return calls_.ask(get_request(target, head()), false, patience); });
  }
  Result<std::string> post_body(std::string target, std::string key, std::string body) {
    return wait<Result<std::string>>(
        [&] { return calls_.ask(post_request(target, head(), key, body), true, patience); });
  }
  Result<std::string> post_bid(const BidSaid& bid) {
    return wait<Result<std::string>>([&] {
      std::string request;
      write_bid_request(bid, head(), request);
      return calls_.ask(std::move(request), true, patience);
    });
  }
  Result<BidResult> send_bid(const BidSaid& bid) {
    return wait<Result<BidResult>>([&] {
      stream_.start();
      return bids_.place(bid, patience);
    });
  }

  void renew(const Token& token) {
    who_header_ = header_of(token);
    stream_.renew(token);
  }

  void start_stream() { stream_.start(); }

  // One subscription an auction and socket: another takes its place.
  void watch(std::uint64_t auction_id, Mode mode, std::shared_ptr<Mailbox> mailbox) {
    if (const auto earlier = watched_.find(auction_id); earlier != watched_.end()) {
      leave(auction_id, earlier->second->mailbox(), "another subscription of this client has taken the auction");
    }
    const auto send = [this](std::string_view frame) { return stream_.send(frame); };
    auto watching = std::make_shared<Watching>(io_, auction_id, mode, std::move(mailbox), send, chance());
    watched_[auction_id] = watching;
    stream_.start();
    watching->begin();
  }

  // Known to the client when this returns, so that whoever ends the client ends it too.
  void watch_from_now(std::uint64_t auction_id, Mode mode, const std::shared_ptr<Mailbox>& mailbox) {
    std::ignore = wait<bool>([&]() -> Awaitable<bool> {
      watch(auction_id, mode, mailbox);
      co_return true;
    });
  }

  void leave(std::uint64_t auction_id, const std::shared_ptr<Mailbox>& mailbox, std::string_view why) {
    const auto found = watched_.find(auction_id);
    if (found == watched_.end() || found->second->mailbox() != mailbox) return;
    found->second->end();
    mailbox->finish({.code = "ended", .detail = std::string(why)});
    watched_.erase(found);
  }

  void go_on(std::uint64_t auction_id, const std::shared_ptr<Mailbox>& mailbox) {
    const auto found = watched_.find(auction_id);
    if (found != watched_.end() && found->second->mailbox() == mailbox) found->second->go_on();
  }

  [[nodiscard]] ServerTime server_time() {
    const std::scoped_lock lock(clock_mutex_);
    return {wall_now() + clock_.offset(), clock_.uncertainty()};
  }

  const Milliseconds patience;
  const BidsOver bids_over;
  std::atomic<bool> is_live = false;

 private:
  [[nodiscard]] Head head() const { return {servers_.authority(), who_header_}; }

  void opened() override {
    is_live = true;
    for (const auto& [id, watching] : watched_) watching->begin();
    bids_.opened();
  }
  void lost() override {
    is_live = false;
    for (const auto& [id, watching] : watched_) watching->lost();
    bids_.lost();
  }
  void clock(Time sent, Time heard, Time server_time) override {
    const std::scoped_lock lock(clock_mutex_);
    clock_.measured(sent, heard, server_time);
  }
  void frame(Frame frame) override {
    std::visit([this](auto& said) { hear(std::move(said)); }, frame);
  }

  void hear(std::monostate) {}
  void hear(TimeFrame) {}
  void hear(BidResultFrame said) { bids_.hear(std::move(said)); }
  void hear(SnapshotFrame said) { tell(said.auction.id, std::move(said)); }
  void hear(ResetFrame said) { tell(said.auction.id, std::move(said)); }
  void hear(EventFrame said) { tell(said.event.auction_id, std::move(said)); }
  void hear(StateFrame said) { tell(said.auction_id, std::move(said)); }
  void hear(ErrorFrame said) {
    if (!said.id.empty()) return bids_.hear(std::move(said));
    const auto found = watched_.find(said.auction_id);
    if (found == watched_.end() || !found->second->is_refused_by(said.problem)) return;
    found->second->mailbox()->finish(std::move(said.problem));
    watched_.erase(found);
  }
  template <class Said>
  void tell(std::uint64_t auction_id, Said said) {
    if (const auto found = watched_.find(auction_id); found != watched_.end()) found->second->hear(std::move(said));
  }

  // In this order: what stands on a line is destroyed before it.
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keeps_running_ =
      boost::asio::make_work_guard(io_);
  Deadlines deadlines_{io_};
  Servers servers_;
  HttpCalls calls_;
  Stream stream_;
  StreamBids bids_;
  std::map<std::uint64_t, std::shared_ptr<Watching>> watched_;  // by auction
  std::string who_header_;
  std::mutex clock_mutex_;
  ServerClock clock_;  // guarded by clock_mutex_
  std::thread thread_;
};

struct Subscription::Inside {
  std::weak_ptr<Client::Inside> client;
  std::uint64_t auction_id;
  std::shared_ptr<Mailbox> mailbox;

  void end() const {
    mailbox->finish({.code = "ended", .detail = "the subscription has ended"});
    mailbox->clear();
    // On the client's own thread it is there as long as anything runs.
    if (const auto alive = client.lock()) {
      alive->post([house = alive.get(), id = auction_id, box = mailbox] {
        house->leave(id, box, "the subscription has ended");
      });
    }
  }
};

Subscription::Subscription(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (inside_) inside_->end();
  inside_ = std::move(other.inside_);
  return *this;
}
Subscription::~Subscription() {
  if (inside_) inside_->end();
}

void Subscription::end() { inside_->end(); }

Result<std::optional<Update>> Subscription::next(Milliseconds timeout) {
  Mailbox::Taken taken = inside_->mailbox->take(timeout);
  if (taken.has_room_again) {
    if (const auto alive = inside_->client.lock()) {
      alive->post([house = alive.get(), id = inside_->auction_id, box = inside_->mailbox] { house->go_on(id, box); });
    }
  }
  return std::move(taken.update);
}

Client::Client(std::shared_ptr<Inside> inside) : inside_(std::move(inside)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::open(Options options) {
  if (options.urls.empty()) return refused("invalid_value", "there is no URL; one looks like http://127.0.0.1:8080");
  if (!is_sayable(options.who)) return unsayable();
  std::vector<Url> urls;
  for (const std::string& text : options.urls) {
    auto url = parse_url(text);
    if (!url) return std::unexpected(url.error());
    urls.push_back(std::move(*url));
  }
  return Client(std::make_shared<Inside>(options, std::move(urls)));
}

Result<void> Client::renew(Token token) {
  if (!is_sayable(token)) return unsayable();
  inside_->post([inside = inside_.get(), token = std::move(token)] { inside->renew(token); });
  return {};
}

Result<BidResult> Client::bid(std::uint64_t auction_id, std::int64_t amount, std::string key) {
  if (!parse_idempotency_key(key)) return unusable_key();
  const BidSaid said{auction_id, amount, key};
  if (inside_->bids_over == BidsOver::websocket) return inside_->send_bid(said);
  auto result = parsed<BidResult>(inside_->post_bid(said), read_bid_result);
  // It was decided, only not in words that this client understands.
  if (!result && result.error().code == "malformed_answer") result.error().code = "outcome_unknown";
  return result;
}

Subscription Client::subscribe(std::uint64_t auction_id, Mode mode) {
  auto mailbox = std::make_shared<Mailbox>(mode);
  inside_->watch_from_now(auction_id, mode, mailbox);
  return Subscription(std::make_unique<Subscription::Inside>(inside_, auction_id, mailbox));
}

Result<Auction> Client::create_auction(const NewAuction& wanted, std::string key) {
  if (!parse_idempotency_key(key)) return unusable_key();
  return parsed<Auction>(inside_->post_body("/v1/auctions", std::move(key), auction_body(wanted)), read_auction);
}

Result<Auction> Client::cancel_auction(std::uint64_t auction_id) {
  return parsed<Auction>(inside_->post_body(path_of(auction_id, "/cancel"), new_key(), "{}"), read_auction);
}

Result<Auction> Client::auction(std::uint64_t auction_id) {
  return parsed<Auction>(inside_->get(path_of(auction_id)), read_auction);
}

Result<AuctionPage> Client::auctions(const AuctionQuery& query) {
  std::string target = fmt::format("/v1/auctions?limit={}", query.limit);
  if (query.state) target += fmt::format("&state={}", to_text(*query.state));
  if (!query.cursor.empty()) target += "&cursor=" + in_query(query.cursor);
  return parsed<AuctionPage>(inside_->get(std::move(target)), [](simdjson::dom::element json) -> Result<AuctionPage> {
    auto auctions = items_of<Auction>(json, "auctions", read_auction);
    if (!auctions) return std::unexpected(auctions.error());
    AuctionPage page{std::move(*auctions), {}};
    std::string_view cursor;
    if (json["next_cursor"].get(cursor) == simdjson::SUCCESS) page.next_cursor = cursor;
    return page;
  });
}

Result<std::vector<Bid>> Client::bids(std::uint64_t auction_id, std::uint64_t after_sequence, std::uint32_t limit) {
  const std::string target =
      path_of(auction_id, fmt::format("/bids?after_sequence={}&limit={}", after_sequence, limit));
  return parsed<std::vector<Bid>>(inside_->get(target),
                                  [](simdjson::dom::element json) { return items_of<Bid>(json, "bids", read_bid); });
}

Result<std::vector<Event>> Client::events(std::uint64_t auction_id, std::uint64_t after_sequence, std::uint32_t limit) {
  const std::string target =
      path_of(auction_id, fmt::format("/events?after_sequence={}&limit={}", after_sequence, limit));
  return parsed<std::vector<Event>>(
      inside_->get(target), [](simdjson::dom::element json) { return items_of<Event>(json, "events", read_event); });
}

Client::ServerTime Client::server_time() {
  inside_->post([inside = inside_.get()] { inside->start_stream(); });
  return inside_->server_time();
}

bool Client::is_live() const { return inside_->is_live; }

}  // namespace flashbid::client
