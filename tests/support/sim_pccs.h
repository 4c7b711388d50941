// SPDX-License-Identifier: Apache-2.0
//
// Intel's PCCS on loopback, as spec/intel-pccs-api.md describes it (sections 3 to 6 and 10): what a cache between Thimble
// and a PCS answers and asks. It holds what it has fetched from its PCS, LAZY, or fetches nothing, OFFLINE. PCK
// certificates are told by QE id; `pckcerts` is no route of its.
//
//   SimPccs pccs(thimble_or_vendor_url);          // ".../sgx/certification/v4/"
//   config.intel_upstreams = {{.url = pccs.Url()}};
//   pccs.SetMode(SimPccs::Mode::kOffline);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace thimble::sim {

// Thread-safe. Listens from construction to destruction.
class SimPccs {
 public:
  enum class Mode : uint8_t { kLazy, kOffline };

  explicit SimPccs(std::string pcs_url);
  ~SimPccs();
  SimPccs(const SimPccs&) = delete;
  SimPccs& operator=(const SimPccs&) = delete;

  std::string Url() const;  // "http://127.0.0.1:PORT/sgx/certification/v4/"
  void SetMode(Mode mode);
  // The targets that were asked, in order; without the values of encrypted PPIDs.
  std::vector<std::string> Asked() const;
  // Why an answer of its PCS was not taken, the last one; empty: all were.
  std::string Complaint() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::sim
