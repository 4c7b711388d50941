// SPDX-License-Identifier: Apache-2.0
//
// A vendor on loopback: serves a simulated Intel in the form of the PCS v4 (spec/intel-pccs-api.md section
// 10), a simulated AMD in the form of the KDS v1, or recorded collateral, and misbehaves on demand. No header of the HTTP library is needed to use it.
//
//   SimVendorServer server(SimIntel::Make());
//   config.pcs_url = server.PcsUrl();             // "http://127.0.0.1:PORT/sgx/certification/v4/"
//   server.SetMode("429:7", "/tcb");              // Retry-After: 7 on every path that contains "/tcb"
//   EXPECT_EQ(server.Count("/tcb"), 1u);
//
// Modes (the last one set whose substring is in the path holds; "ok" lifts them):
//   ok               answer as the vendor does
//   delay:MS         answer after so many milliseconds
//   3xx, 4xx, 5xx    this status with an empty body
//   429:N            429 with Retry-After: N
//   hang             no answer until the mode is changed or the server stops
//   truncate         a Content-Length larger than what is sent, then the connection closes
//   endless          a body without an end
//   html             200 with a web page
//   wrong-fmspc      a good TCB info of another FMSPC
//   wrong-tee        SGX where TDX was asked for, and the reverse
//   wrong-ca         the PCK CRL of the other CA, with its chain
//   bad-signature    one bit of the signature flipped
//   bad-content      one digit of the time of issue changed, the signature left
//   no-chain         no issuer chain header
//   wrong-chain      the issuer chain of another root with the same names
//   forged           content and chain, consistent, of another root with the same names
//   rollback         issued 5 days earlier, due at the same time; CRLs also with a lower number
//   lower-number     of the evaluation data number before; CRLs with a lower number
//   expired          nextUpdate was yesterday; of a VCEK, notAfter
// and AMD's own, beside bad-signature, forged, rollback, lower-number and expired:
//   wrong-chip       a good VCEK of another chip
//   wrong-tcb        a good VCEK of another TCB
//   reversed         the chain as ARK, ASK
//   revoked          a CRL that lists the ASK or ASVK
//   ask-crl          a CRL issued by the ASK
//
// Over HTTP: POST /_mode?m=MODE[&path=SUBSTRING], POST /_standard?n=NUMBER, GET /_count[?path=SUBSTRING], and as a machine
// POST /_evidence?kind=sgx|tdx|snp|tpm&bound=HEX (sim_machine.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "tcb/collateral_key.h"
#include "tests/support/sim_amd.h"
#include "tests/support/sim_intel.h"

namespace thimble::sim {

// Thread-safe. Listens from construction to destruction.
class SimVendorServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    uint16_t port = 0;  // 0: any free port
  };

  explicit SimVendorServer(SimIntel intel, Options options);
  explicit SimVendorServer(SimIntel intel) : SimVendorServer(std::move(intel), Options{}) {}
  ~SimVendorServer();
  SimVendorServer(const SimVendorServer&) = delete;
  SimVendorServer& operator=(const SimVendorServer&) = delete;

  uint16_t port() const;
  std::string BaseUrl() const;  // "http://127.0.0.1:PORT"
  std::string PcsUrl() const;   // BaseUrl() + "/sgx/certification/v4/"; the KDS is at BaseUrl() itself

  // Throws std::invalid_argument for a mode that does not exist.
  void SetMode(std::string_view mode, std::string_view path_substring = "");
  // What is issued from now on is issued at this time.
  void SetNow(Instant now);
  // Which evaluation data number `update=standard` and no selector mean; the early one follows when it is
  // lower.
  void SetStandard(uint32_t number);

  // From now on the numbers are 19, the standard one, and 20, and there is the platform of sim_recovery.h.
  void BeginRecovery();

  // Requests whose path (with the query) contains the substring, since the start or the last ResetCounts().
  uint64_t Count(std::string_view path_substring = "") const;
  // The most requests that were in the server at one time.
  uint64_t MaxConcurrent() const;
  void ResetCounts();

  // From now on serves exactly these bytes for what the directory's collateral is: TEE, FMSPC, identity, CA.
  // Several directories add up. The layout is that of `--collateral DIR`. Throws std::runtime_error when it
  // cannot be read.
  void ServeRecorded(const std::filesystem::path& directory);

  // From now on there is a KDS, too; without one its paths are 404.
  void AddKds(SimAmd amd);
  // Exactly these bytes for this item of AMD's.
  void ServeRecorded(const CollateralKey& key, Bytes body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string address_;
};

}  // namespace thimble::sim
