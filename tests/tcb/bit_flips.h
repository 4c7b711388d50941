// SPDX-License-Identifier: Apache-2.0
//
// Flips each bit of an object and holds what is still authentic to what the unbent one claimed (bit_flips.cpp).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/openenclave/claims.h"
#include "tcb/tpm/claims.h"
#include "tcb/uvm/claims.h"
#include "tcb/vbs/claims.h"
#include "tcb/verdict.h"

namespace thimble {

using Verifier = std::function<Result<Verdict>(const Bytes& bent)>;

struct Totals {
  size_t flips = 0, same = 0, wrong = 0, internal = 0;
  std::map<std::string, size_t> ended_by;  // "malformed quote.format" -> how many

  void Add(const Totals& other) {
    flips += other.flips;
    same += other.same;
    wrong += other.wrong;
    internal += other.internal;
    for (const auto& [what, count] : other.ended_by) ended_by[what] += count;
  }
};

// A bent hint is dropped with a note, which says nothing of the platform.
inline std::vector<Finding> FindingsOf(const Verdict& verdict) {
  std::vector<Finding> out = verdict.findings;
  std::erase_if(out, [](const Finding& finding) { return finding.check == Check::kHintDropped; });
  return out;
}

inline bool SameWrapping(const Verdict& a, const Verdict& b) {
  return (a.open_enclave == nullptr) == (b.open_enclave == nullptr) &&
         (a.open_enclave == nullptr || *a.open_enclave == *b.open_enclave);
}

// The endorsement's own digest is over its unsigned header, too, and so is the count of receipts that nobody asked for.
inline bool SameContainer(const Verdict& a, const Verdict& b) {
  if (a.container == nullptr || b.container == nullptr) return a.container == b.container;
  uvm::Claims x = *a.container, y = *b.container;
  for (uvm::Claims* each : {&x, &y}) {
    if (each->endorsement) each->endorsement->sha256 = {};
    if (each->endorsement) each->endorsement->receipts = 0;
  }
  return x == y;
}

// Data of an event that its digest does not cover are no claim.
inline bool SamePlatform(const Verdict& a, const Verdict& b) {
  const bool same_tpm = (a.tpm == nullptr) == (b.tpm == nullptr) && (a.tpm == nullptr || *a.tpm == *b.tpm);
  const bool same_vbs = (a.vbs == nullptr) == (b.vbs == nullptr) && (a.vbs == nullptr || *a.vbs == *b.vbs);
  return same_tpm && same_vbs;
}

inline bool ClaimsTheSame(const Verdict& a, const Verdict& b) {
  const bool same_hcl = (a.hcl == nullptr) == (b.hcl == nullptr) && (a.hcl == nullptr || *a.hcl == *b.hcl);
  return a.tee == b.tee && a.tcb_status == b.tcb_status && a.status_source == b.status_source &&
         a.tcb_date == b.tcb_date && a.advisories == b.advisories && a.platform == b.platform &&
         a.claims == b.claims && same_hcl && SameWrapping(a, b) && SameContainer(a, b) &&
         SamePlatform(a, b) && a.tcb_info_evaluation == b.tcb_info_evaluation &&
         a.qe_identity_evaluation == b.qe_identity_evaluation && a.trust_anchor == b.trust_anchor &&
         FindingsOf(a) == FindingsOf(b) && a.window == b.window;
}

inline std::string_view KindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kMalformed:
      return "malformed";
    case ErrorKind::kRejected:
      return "rejected";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

inline void Count(Totals& totals, const Result<Verdict>& got, const Verdict& unbent, size_t bit) {
  ++totals.flips;
  if (!got.ok()) {
    totals.internal += got.error().kind == ErrorKind::kInternal ? 1 : 0;
    ++totals.ended_by[StrCat(KindName(got.error().kind), " ", CheckName(got.error().check))];
  } else if (!got->authentic) {
    const Finding* hard = got->hard();
    ++totals.ended_by[StrCat("rejected ", hard ? CheckName(hard->check) : "without a finding")];
    totals.internal += hard == nullptr ? 1 : 0;
  } else if (ClaimsTheSame(*got, unbent)) {
    ++totals.same;
  } else {
    ++totals.wrong;
    std::printf("  bit %zu: authentic, but it claims something else\n", bit);
  }
}

// All flips of one object, shared out between the processors.
inline Totals FlipAll(const Bytes& good, size_t every, const Verifier& verify, const Verdict& unbent) {
  constexpr size_t kPortion = 256;
  const size_t count = good.size() * 8 / every;
  std::atomic<size_t> next{0};
  std::mutex mutex;
  Totals all;
  const auto work = [&] {
    Totals mine;
    Bytes bent = good;
    for (size_t from; (from = next.fetch_add(kPortion)) < count;) {
      for (size_t i = from; i < std::min(from + kPortion, count); ++i) {
        const size_t bit = i * every;
        const auto mask = static_cast<uint8_t>(1u << (bit % 8));
        bent[bit / 8] ^= mask;
        Count(mine, verify(bent), unbent, bit);
        bent[bit / 8] ^= mask;
      }
    }
    const std::lock_guard lock(mutex);
    all.Add(mine);
  };
  std::vector<std::thread> threads(std::max(1u, std::thread::hardware_concurrency()));
  for (std::thread& thread : threads) thread = std::thread(work);
  for (std::thread& thread : threads) thread.join();
  return all;
}

class Run {
 public:
  explicit Run(size_t every) : every_(every) {}

  void Object(const std::string& name, const Bytes& good, const Verifier& verify) {
    const auto unbent = verify(good);
    if (!unbent.ok() || !unbent->authentic) {
      const Finding* const hard = unbent.ok() ? unbent->hard() : nullptr;
      const std::string why = hard ? hard->message : unbent.ok() ? "" : unbent.error().message;
      std::printf("%s: the unbent one is not authentic: %s\n", name.c_str(), why.c_str());
      std::exit(2);
    }
    const Totals totals = FlipAll(good, every_, verify, *unbent);
    std::printf("%-34s %6zu bytes %7zu flips: %7zu ended, %5zu the same, %zu wrong\n", name.c_str(),
                good.size(), totals.flips, totals.flips - totals.same - totals.wrong, totals.same,
                totals.wrong);
    std::fflush(stdout);
    all_.Add(totals);
  }

  int Finish() const {
    std::printf("\nended by\n");
    for (const auto& [what, count] : all_.ended_by) std::printf("  %9zu  %s\n", count, what.c_str());
    std::printf(
        "\n%zu flips: %zu authentic with the same claims and dates, %zu with others, %zu internal errors\n",
        all_.flips, all_.same, all_.wrong, all_.internal);
    return all_.wrong + all_.internal == 0 ? 0 : 1;
  }

 private:
  size_t every_;
  Totals all_;
};

}  // namespace thimble
