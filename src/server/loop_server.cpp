#include "server/loop_server.hpp"

#include <utility>

#include "server/http_session.hpp"

namespace flashbid {

LoopServer::LoopServer(Loop& loop, Engine* engine, ServerShared& shared)
    : loop_(loop),
      engine_(engine),
      shared_(shared),
      access_(shared.access, traffic_),
      joined_frames_(shared.access.public_bidders) {
  loop_.repeat([this] {
    sweep();
    return shared_.limits.sweep;
  });
  loop_.after_answers([this] { end_round(); });
}

LoopServer::~LoopServer() { close_all(); }

void LoopServer::adopt(Socket socket, Peer peer, Entrance entrance) {
  std::unique_ptr<TlsStream> tls;
  if (entrance == Entrance::tls) {
    tls = std::make_unique<TlsStream>(*shared_.certificate->context(), socket.descriptor(), traffic_);
  }
  const auto session = std::make_shared<HttpSession>(*this, Channel(std::move(socket), std::move(tls), std::move(peer)),
                                                     entrance == Entrance::redirect);
  hold(session);
  session->start();
  if (idle_) session->wind_up();
}

void LoopServer::hold(std::shared_ptr<Connection> connection) {
  shared_.connections.fetch_add(1, std::memory_order_relaxed);
  connection->place_ = connections_.size();
  connections_.push_back(std::move(connection));
}

void LoopServer::forget(Connection& connection) {
  const std::size_t place = connection.place_;
  if (place >= connections_.size() || connections_[place].get() != &connection) return;
  std::swap(connections_[place], connections_.back());
  connections_[place]->place_ = place;
  loop_.bury(connections_.back());
  connections_.pop_back();
  shared_.connections.fetch_sub(1, std::memory_order_relaxed);
  if (connections_.empty() && idle_) idle_();
}

void LoopServer::sweep() {
  const std::int64_t now = now_ms();
  // From the back: forgetting one moves the last, which has been looked at, into its place.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i >= connections_.size()) continue;
    const std::shared_ptr<Connection> connection = connections_[i];
    connection->sweep(now);
  }
}

void LoopServer::end_round() {
  measured_bids_.end_round();
  if (answered_bids_.empty()) return;
  const Stopwatch::time_point now = Stopwatch::now();
  for (const Stopwatch::time_point since : answered_bids_) traffic_.bid_stages.add(BidStage::whole, now - since);
  answered_bids_.clear();
}

void LoopServer::wind_up(std::function<void()> idle) {
  idle_ = std::move(idle);
  const auto all = connections_;
  for (const auto& connection : all) {
    if (connection->is_open()) connection->wind_up();
  }
  if (all.empty()) idle_();
}

void LoopServer::close_all() {
  idle_ = nullptr;
  const auto all = connections_;
  for (const auto& connection : all) connection->close();
}

}  // namespace flashbid
