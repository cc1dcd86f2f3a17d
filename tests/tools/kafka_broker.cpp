// Brokers that speak Kafka's protocol (support/kafka_cluster.hpp), as a process of its own:
//
//   kafka_broker [--brokers N] --topic NAME --partitions P
//
// makes the topics NAME and NAME.dead, tells the servers on its first line, and lives until its input ends or SIGTERM.
// Commands, one a line, each answered by `ok` or `no`:
//
//   topic NAME PARTITIONS            leader TOPIC PARTITION BROKER
//   down BROKER    up BROKER         delay BROKER MS
//   error REQUEST CODE COUNT         the next COUNT requests of that number fail with CODE (0 3 7: a produce that timed
//                                    out; 1 -195 1: a fetch that breaks the connection)
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "support/kafka_cluster.hpp"

namespace {

using flashbid::testing::KafkaCluster;

bool obey(KafkaCluster& cluster, const std::string& line) {
  std::istringstream words(line);
  std::string verb, topic;
  words >> verb;
  if (verb == "topic" || verb == "leader") words >> topic;
  int first = 0;
  int second = 0;
  int third = 0;
  if (!(words >> first)) return false;
  if (verb == "topic") return cluster.create(topic, first);
  if (verb == "down") return cluster.down(first);
  if (verb == "up") return cluster.up(first);
  if (!(words >> second)) return false;
  if (verb == "leader") return cluster.lead(topic, first, second);
  if (verb == "delay") return cluster.delay(first, second);
  if (verb != "error" || !(words >> third) || third < 1) return false;
  return cluster.fail(static_cast<std::int16_t>(first), second, static_cast<std::size_t>(third));
}

}  // namespace

int main(int count, char** words) {
  std::map<std::string, std::string> options{{"--brokers", "1"}};
  for (int k = 1; k + 1 < count; k += 2) options[words[k]] = words[k + 1];
  const int brokers = std::atoi(options["--brokers"].c_str());
  const int partitions = std::atoi(options["--partitions"].c_str());
  const std::string topic = options["--topic"];
  if (count % 2 == 0 || options.size() != 3 || brokers < 1 || partitions < 1 || topic.empty()) {
    std::cerr << "kafka_broker [--brokers N] --topic NAME --partitions P\n";
    return 2;
  }
  KafkaCluster cluster(brokers);
  if (!cluster.create(topic, partitions, brokers) || !cluster.create(topic + ".dead", partitions, brokers)) return 1;
  std::cout << cluster.servers() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << (obey(cluster, line) ? "ok" : "no") << std::endl;
  }
  return 0;
}
