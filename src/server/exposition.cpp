#include "server/exposition.hpp"

#include <prometheus/text_serializer.h>

#include <limits>
#include <utility>

namespace flashbid {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

void Exposition::counter(std::string name, std::string help) {
  begin(std::move(name), std::move(help), MetricType::Counter);
}

void Exposition::gauge(std::string name, std::string help) {
  begin(std::move(name), std::move(help), MetricType::Gauge);
}

Exposition& Exposition::sample(std::uint64_t value, Labels labels) {
  return sample(static_cast<double>(value), std::move(labels));
}

Exposition& Exposition::sample(double value, Labels labels) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (families_.back().type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  families_.back().metric.push_back(std::move(metric));
  return *this;
}

void Exposition::commit_seconds(const EngineCounters& counters) {
  begin("flashbid_commit_seconds", "Time to make a batch durable", MetricType::Histogram);
  ClientMetric metric;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < counters.commit_seconds_buckets.size(); ++i) {
    so_far += counters.commit_seconds_buckets[i];
    const double bound =
        i < commit_bucket_bounds.size() ? commit_bucket_bounds[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({so_far, bound});
  }
  metric.histogram.sample_count = so_far;
  metric.histogram.sample_sum = counters.commit_seconds;
  families_.back().metric.push_back(std::move(metric));
}

std::string Exposition::text() const { return prometheus::TextSerializer().Serialize(families_); }

void Exposition::each(const std::function<void(std::string_view name, double value)>& told) const {
  for (const MetricFamily& family : families_) {
    for (const ClientMetric& metric : family.metric) {
      if (family.type == MetricType::Histogram) {
        told(family.name + "_sum", metric.histogram.sample_sum);
        told(family.name + "_count", static_cast<double>(metric.histogram.sample_count));
        continue;
      }
      std::string name = family.name;
      for (const auto& label : metric.label) {
        name += &label == &metric.label.front() ? '{' : ',';
        name += label.name + "=\"" + label.value + '"';
      }
      if (!metric.label.empty()) name += '}';
      told(name, family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value);
    }
  }
}

void Exposition::begin(std::string name, std::string help, MetricType type) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  families_.push_back(std::move(family));
}

}  // namespace flashbid
