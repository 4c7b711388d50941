// SPDX-License-Identifier: Apache-2.0
//
// Rates per CPU second, as ratios: the work and its floor alternate in short slices, so that both see the
// same machine.
#pragma once

#include <algorithm>
#include <ctime>
#include <vector>

namespace thimble::bench {

inline double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Work>
double SliceRate(const Work& work, double seconds) {
  const double start = CpuSeconds();
  long count = 0;
  double elapsed = 0;
  while (elapsed < seconds) {
    for (int i = 0; i < 8; ++i) work();
    count += 8;
    elapsed = CpuSeconds() - start;
  }
  return static_cast<double>(count) / elapsed;
}

struct Ratio {
  double rate = 0, floor = 0, ratio = 0;  // medians over the slices
};

inline double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

template <class Work, class Floor>
Ratio Compare(const Work& work, const Floor& floor, int slices = 15, double seconds = 0.1) {
  std::vector<double> rates, floors, ratios;
  SliceRate(work, seconds);
  for (int i = 0; i < slices; ++i) {
    floors.push_back(SliceRate(floor, seconds));
    rates.push_back(SliceRate(work, seconds));
    ratios.push_back(rates.back() / floors.back());
  }
  return {Median(rates), Median(floors), Median(ratios)};
}

}  // namespace thimble::bench
