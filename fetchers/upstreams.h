// SPDX-License-Identifier: Apache-2.0
//
// The configured upstreams of both vendors, in order. One fetch goes down the list until one answers, inside
// its deadline; an upstream that could not be reached several times in a row is left out for a while.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "fetchers/amd_kds.h"
#include "fetchers/circuit_breaker.h"
#include "fetchers/fetched.h"
#include "fetchers/http_client.h"
#include "fetchers/intel_crl_addresses.h"
#include "fetchers/intel_pck.h"
#include "fetchers/origin_authorities.h"
#include "fetchers/timing.h"

namespace thimble {

enum class UpstreamKind : uint8_t {
  kVendor,  // the vendor's own service, or a cache that speaks as it does
  kThim,    // Azure's: PCK certificates, the host's VCEK and its chain (azure_thim.h)
};

struct Upstream {
  std::string url;          // Intel: .../sgx/certification/v4/; AMD: https://kdsintf.amd.com
  bool allow_http = false;  // plain HTTP to a host that is neither loopback nor link-local
  UpstreamKind kind = UpstreamKind::kVendor;
  std::string subscription_key = {};  // Intel's, for PCK certificates
  std::string ca_file = {};           // PEM; authorities for it beside the system's
};

// For metrics: called from any thread, must not block.
struct UpstreamEvent {
  enum class Kind : uint8_t { kAnswered, kNotFound, kFailed, kSkipped, kBreakerOpened, kRefused };
  Kind kind;
  Vendor vendor;
  std::string_view upstream;  // its URL as configured
  std::string_view item;      // KeyName
  const Error* error;         // or null
  std::chrono::milliseconds took;
};
using UpstreamEventSink = std::function<void(const UpstreamEvent&)>;

struct UpstreamsOptions {
  std::vector<Upstream> intel, amd;
  // While Intel's cannot be reached, each is probed once a second: its clients give up after a few.
  BreakerOptions intel_breaker{.window = std::chrono::milliseconds(1000)};
  BreakerOptions amd_breaker;
  // Of Azure's upstreams: what AMD asks of its clients is not for them. Null: the vendor's client.
  std::shared_ptr<HttpClient> thim_client = {};
  RootCrlAddresses root_crls = {};
  AmdChainFunction amd_chain;  // where chains are kept; empty: asked of the KDS with every VCEK and CRL
};

// Thread-safe.
class Upstreams {
 public:
  // Malformed (request.invalid) for a URL that is not a base.
  static Result<std::unique_ptr<Upstreams>> Make(UpstreamsOptions options,
                                                 std::shared_ptr<HttpClient> intel_client,
                                                 std::shared_ptr<HttpClient> amd_client,
                                                 UpstreamEventSink events, SteadyClock clock);
  ~Upstreams();

  // Other upstreams from here on; fetches under way keep theirs. Malformed (request.invalid) for a URL that is not a
  // base: then nothing changes.
  Status Replace(const std::vector<Upstream>& intel, const std::vector<Upstream>& amd);

  // Whether an answer can be taken. One that cannot is as good as none: the next upstream is asked. After one that can,
  // it is asked when that is wanted: it may have a newer version.
  enum class Then : uint8_t { kStop, kAskNext };
  using Accept = std::function<Result<Then>(const Fetched& answer)>;

  // The last answer that was taken. Returns by the deadline. upstream.not_found only when every upstream that answered
  // said so and none failed. PCK certificates are asked for by what is known of the platform instead of by a key.
  Result<Fetched> Fetch(const CollateralKey& key, SteadyTime deadline, const Accept& accept = {});
  Result<Fetched> FetchPck(const PckQuery& query, SteadyTime deadline, const Accept& accept = {});
  // The VCEK of this host, which Azure's alone can tell.
  Result<Fetched> FetchHostVcek(SteadyTime deadline);
  // Intel's list of FMSPCs (intel_fmspcs.h): not an item, nobody signs it.
  Result<Fetched> FetchFmspcList(std::string_view platform, SteadyTime deadline);

  // One line an upstream, for the status page.
  struct State {
    Vendor vendor;
    std::string url;
    bool open = false;  // left out at present
  };
  std::vector<State> States() const;
  // How often an upstream of this vendor has come back: it failed several times in a row, whatever it was asked for, and
  // then answered. What could not be had before may be had now.
  uint64_t Recoveries(Vendor vendor) const { return recoveries_.at(static_cast<size_t>(vendor)); }
  IntelSite site() const { return options_.root_crls.site(); }

 private:
  struct Entry;
  Upstreams(UpstreamsOptions options, std::shared_ptr<HttpClient> intel_client,
            std::shared_ptr<HttpClient> amd_client, UpstreamEventSink events, SteadyClock clock);
  using AskFunction = std::function<Result<Fetched>(const Entry& entry, SteadyTime deadline)>;
  struct Task {
    Vendor vendor;
    std::string item;  // KeyName
    std::function<bool(const Entry& entry)> admits;
    AskFunction ask;
    Accept accept = {};
  };
  using Entries = std::vector<std::shared_ptr<Entry>>;
  Status Add(Vendor vendor, const Upstream& upstream, Entries& entries) const;
  Entries Current() const;
  struct Taken {
    Fetched answer;
    Then then;
  };
  Result<Fetched> GoDown(const Task& task, SteadyTime deadline);
  Result<Taken> Try(Entry& entry, const Task& task, SteadyTime deadline);
  HttpClient& ThimClient(Vendor vendor) const;
  Result<Fetched> AskForPck(const Entry& entry, const PckQuery& query, SteadyTime deadline) const;
  void Learn(Entry& entry, const Task& task, const Error& error, SteadyTime since);
  void NoteAnswer(Entry& entry);
  Result<Fetched> AskForKey(const Entry& entry, const CollateralKey& key, SteadyTime deadline);
  void Report(const Entry& entry, UpstreamEvent::Kind kind, const Task& task, const Error* error,
              SteadyTime since) const;

  UpstreamsOptions options_;
  std::shared_ptr<HttpClient> intel_client_, amd_client_;
  UpstreamEventSink events_;
  SteadyClock clock_;
  const std::shared_ptr<OriginAuthorities> authorities_ = std::make_shared<OriginAuthorities>();
  std::array<std::atomic<uint64_t>, 2> recoveries_{};  // by vendor
  mutable std::mutex mutex_;                           // of what follows
  Entries entries_;
};

}  // namespace thimble
