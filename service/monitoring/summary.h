// SPDX-License-Identifier: Apache-2.0
//
// How it is going, on one screen: what `thimble status` and the page at / begin with, and `summary` of GET /v1/status. Plain
// data without locks or references: made at one moment, and shown by whoever wants to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/freshness.h"
#include "service/baselines/recovery_watch.h"
#include "service/support/terminal.h"
#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble {

struct Summary {
  Instant at{};
  std::string version;  // of the program
  // Whether a server runs, and since when; nullopt: it was read from a store that no server runs on.
  std::optional<Instant> running_since;

  // -- readiness, as /readyz says it --
  struct Degraded {
    std::string what, why;
    bool operator==(const Degraded&) const = default;
  };
  bool ready = false;
  std::vector<Degraded> degraded;

  // -- collateral --
  struct Items {
    uint64_t fresh = 0, due = 0, stale = 0,
             past_grace = 0;  // of what platforms share; past_grace: of the stale, not served
    uint64_t failing = 0;     // whose last refresh failed
    uint64_t platforms = 0;   // VCEKs and PCK sets
    uint64_t all() const { return fresh + due + stale; }
    bool operator==(const Items&) const = default;
  };
  Items items;
  struct Worst {  // what ends first
    std::string item;
    Freshness freshness = Freshness::kFresh;
    Instant next_update{}, served_until{};
    std::string last_error;
    bool operator==(const Worst&) const = default;
  };
  std::optional<Worst> worst;

  // -- upstreams, in the order in which they are asked --
  struct Upstream {
    std::string vendor, url;  // "intel"
    // Since the start of the server. `failed`: it did not answer, or with an error; `refused`: with what does not verify.
    uint64_t answered = 0, failed = 0, refused = 0;
    std::optional<Instant> last_answer, last_failure;
    std::string last_error;  // of that failure
    Seconds behind{0};       // as far as it is known to be; of `behind_item`
    std::string behind_item;
    // It was asked, and did not answer the last time.
    bool down() const { return last_failure && (!last_answer || *last_answer < *last_failure); }
    bool operator==(const Upstream&) const = default;
  };
  std::vector<Upstream> upstreams;

  // -- what decisions go by --
  struct Baseline {
    std::string name;
    uint32_t version = 0;
    std::string intel, amd;  // as defined: "standard", a floor document
    bool candidate = false;  // there is one
    // The evaluation data number that it means now; nullopt: nothing that is held says it.
    std::optional<uint32_t> sgx, tdx;
    bool operator==(const Baseline&) const = default;
  };
  std::vector<Baseline> baselines;
  struct Policy {
    std::string name, sha256;
    bool operator==(const Policy&) const = default;
  };
  std::vector<Policy> policies;
  std::vector<ComingSet> coming;

  // -- decisions of the last 24 hours, or since the start --
  struct Count {
    std::string name;
    uint64_t count = 0;
    bool operator==(const Count&) const = default;
  };
  struct Verdicts {
    Instant since{};
    uint64_t accepted = 0, rejected = 0, errors = 0;  // errors: without a verdict
    std::vector<Count> statuses;                      // "tdx OutOfDate", the most frequent first
    std::vector<Count> shortfalls;                    // "sgx.00 below 10 (BIOS)", of them at most 5
    std::vector<Count> causes;                        // of rejections: the check or the rule, at most 5
    bool operator==(const Verdicts&) const = default;
  };
  Verdicts verdicts;

  // -- platforms, trail, certificate, back-up --
  uint64_t registrations = 0, waiting = 0;  // waiting: for their PCK certificates
  std::vector<std::string> damage;          // of the store, a sentence each
  struct Audit {
    uint64_t last_seq = 0, lost = 0, bytes = 0, limit = 0;  // limit 0: none
    std::string last_error;
    bool operator==(const Audit&) const = default;
  };
  std::optional<Audit> audit;              // nullopt: no trail is kept
  std::optional<Instant> certificate_end;  // of the server's certificate; nullopt: plain HTTP
  std::optional<Instant> last_backup;      // nullopt: none was made that this data directory knows of
  std::optional<Instant> last_reload;      // of the configuration; nullopt: never
  std::string refused_reload;              // why that was refused; empty: it was taken
  bool operator==(const Summary&) const = default;

  // Nothing is held, and no upstream that was asked answers: nothing can be served.
  bool helpless() const;
};

// "19d 4h", "4h", "12m", "40s": no reader needs more of it.
std::string SpanText(Seconds span);

// The members of a set that is out, into an open object and from one: of the summary, and of the status.
void WriteComing(json::Writer& json, const ComingSet& set);
Status ReadComing(const json::Value& object, ComingSet& set);

void WriteSummary(json::Writer& json, const Summary& summary);
// Unavailable (upstream.answer) when it is not what WriteSummary() writes: it comes from a server.
Result<Summary> ReadSummary(const json::Value& object);
// For a terminal of this many columns.
Lines SummaryText(const Summary& summary, size_t width);

}  // namespace thimble
