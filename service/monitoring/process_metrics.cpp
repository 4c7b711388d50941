// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "service/support/clock.h"

namespace thimble {
namespace {

// The fields of proc(5)'s stat after the name of the program, which may have spaces in it: number 3 is the first.
std::vector<std::string> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream rest(line.substr(std::min(line.rfind(')'), line.size() - 1) + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

std::optional<double> StatField(const std::vector<std::string>& fields, size_t number) {
  if (number - 3 >= fields.size()) return std::nullopt;
  return std::strtod(fields[number - 3].c_str(), nullptr);
}

// The field is in ticks since boot. A sandbox may keep /proc/stat, and the time of boot, from us.
std::optional<double> StartTime(const std::vector<std::string>& stat) {
  const auto ticks = StatField(stat, 22);
  if (!ticks) return std::nullopt;
  const ClockReading clocks = Clock::BothClocks();
  const auto boot = (clocks.wall.time_since_epoch() - clocks.since_boot).count();
  return static_cast<double>(boot) + *ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (error) return 0;
  return static_cast<double>(std::distance(begin(entries), end(entries))) - 1;  // without the listing's own
}

void Gauge(PrometheusText& out, std::string_view name, std::string_view help,
           const std::optional<double>& value) {
  out.Metric(name, "gauge", help);
  if (value) out.Sample({}, *value);
}

}  // namespace

void WriteProcess(PrometheusText& out) {
  const std::vector<std::string> stat = StatFields();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  out.Metric("process_cpu_seconds_total", "counter", "Processor time, of user and system.");
  out.Sample({}, seconds(usage.ru_utime) + seconds(usage.ru_stime));
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  Gauge(out, "process_open_fds", "Open file descriptors.", OpenFiles());
  Gauge(out, "process_max_fds", "File descriptors that may be open.", static_cast<double>(files.rlim_cur));
  Gauge(out, "process_threads", "Threads.", StatField(stat, 20));
  const auto pages = StatField(stat, 24);
  Gauge(out, "process_resident_memory_bytes", "Resident memory.",
        pages ? std::optional(*pages * static_cast<double>(::sysconf(_SC_PAGESIZE))) : std::nullopt);
  Gauge(out, "process_start_time_seconds", "When the process began, in seconds since 1970.", StartTime(stat));
}

}  // namespace thimble
