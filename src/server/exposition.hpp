// Metrics on their way out, in Prometheus' exposition format: families in the order in which they are told. One thread.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.hpp"

namespace flashbid {

class Exposition {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  void counter(std::string name, std::string help);
  void gauge(std::string name, std::string help);

  // A value of the family begun last.
  Exposition& sample(std::uint64_t value, Labels labels = {});
  Exposition& sample(double value, Labels labels = {});

  void commit_seconds(const EngineCounters& counters);

  [[nodiscard]] std::string text() const;
  // Every sample but a histogram's buckets, by the name that it has in the text: "flashbid_connections{kind=\"http\"}".
  void each(const std::function<void(std::string_view name, double value)>& told) const;

 private:
  void begin(std::string name, std::string help, prometheus::MetricType type);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace flashbid
