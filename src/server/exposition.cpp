#include "server/exposition.hpp"

#include <prometheus/text_serializer.h>

#include <limits>
#include <utility>

namespace flashbid {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

// {name="value",…}; nothing where there is none.
std::string text_of(const std::vector<ClientMetric::Label>& labels) {
  std::string text;
  for (const auto& label : labels) {
    text += text.empty() ? '{' : ',';
    text += label.name + "=\"" + label.value + '"';
  }
  return text.empty() ? text : text + '}';
}

}  // namespace

void Exposition::counter(std::string name, std::string help) {
  begin(std::move(name), std::move(help), MetricType::Counter);
}

void Exposition::gauge(std::string name, std::string help) {
  begin(std::move(name), std::move(help), MetricType::Gauge);
}

void Exposition::histogram(std::string name, std::string help) {
  begin(std::move(name), std::move(help), MetricType::Histogram);
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

Exposition& Exposition::sample(const HistogramCounts& counts, Labels labels) {
  const auto seconds = [](std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); };
  ClientMetric metric;
  metric.label = std::move(labels);
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < counts.steps.size(); ++i) {
    so_far += counts.steps[i];
    const bool is_last = i == histogram_bounds.size();
    metric.histogram.bucket.push_back(
        {so_far, is_last ? std::numeric_limits<double>::infinity() : seconds(histogram_bounds[i])});
  }
  metric.histogram.sample_count = so_far;
  metric.histogram.sample_sum = seconds(counts.sum);
  families_.back().metric.push_back(std::move(metric));
  return *this;
}

std::string Exposition::text() const { return prometheus::TextSerializer().Serialize(families_); }

void Exposition::each(const std::function<void(std::string_view name, double value)>& told) const {
  for (const MetricFamily& family : families_) {
    for (const ClientMetric& metric : family.metric) {
      const std::string labels = text_of(metric.label);
      if (family.type == MetricType::Histogram) {
        told(family.name + "_sum" + labels, metric.histogram.sample_sum);
        told(family.name + "_count" + labels, static_cast<double>(metric.histogram.sample_count));
        continue;
      }
      told(family.name + labels, family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value);
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
